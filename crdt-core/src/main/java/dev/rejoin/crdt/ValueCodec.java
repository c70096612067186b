package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the elements of a typed set or register become values (see {@link Values}) and back. Two elements are the same
 * element exactly if their canonical values are equal.
 *
 * @param <T> the type of the elements; {@code decode(encode(x))} equals x
 */
public interface ValueCodec<T> {

    /** Returns the value that stands for {@code element}; it need not be in canonical form. */
    Object encode(T element);

    /**
     * Returns the element that a canonical value stands for.
     *
     * @throws ClassCastException if the value stands for none, because a replica with another codec wrote it
     */
    T decode(Object canonical);

    /** Any value, in its canonical form. */
    ValueCodec<Object> VALUE = new ValueCodec<>() {
        @Override
        public Object encode(Object element) {
            return element;
        }

        @Override
        public Object decode(Object canonical) {
            return canonical;
        }
    };

    /** Strings. */
    ValueCodec<String> STRING = new Plain<>(String.class);

    /** Integers of 64 bits. */
    ValueCodec<Long> LONG = new Plain<>(Long.class);

    /** Truth values. */
    ValueCodec<Boolean> BOOLEAN = new Plain<>(Boolean.class);

    /** Strings of bytes. */
    ValueCodec<Bytes> BYTES = new Plain<>(Bytes.class);

    /** Floating-point numbers; an integer that another replica wrote is read as the number it is. */
    ValueCodec<Double> DOUBLE = new ValueCodec<>() {
        @Override
        public Object encode(Double element) {
            return element;
        }

        @Override
        public Double decode(Object canonical) {
            return Number.class.cast(canonical).doubleValue();
        }
    };

    /** Returns the codec of an enumeration: constants by name. */
    static <E extends Enum<E>> ValueCodec<E> ofEnum(Class<E> type) {
        return new ValueCodec<>() {
            @Override
            public Object encode(E element) {
                return element.name();
            }

            @Override
            public E decode(Object canonical) {
                String name = STRING.decode(canonical);
                for (E constant : type.getEnumConstants()) {
                    if (constant.name().equals(name)) {
                        return constant;
                    }
                }
                throw new ClassCastException(type.getName() + " has no constant " + name);
            }
        };
    }

    /** Returns the codec of lists of such elements. */
    static <T> ValueCodec<List<T>> list(ValueCodec<T> elements) {
        return new ValueCodec<>() {
            @Override
            public Object encode(List<T> list) {
                List<Object> values = new ArrayList<>(list.size());
                for (T element : list) {
                    values.add(elements.encode(element));
                }
                return values;
            }

            @Override
            public List<T> decode(Object canonical) {
                List<?> values = List.class.cast(canonical);
                List<T> list = new ArrayList<>(values.size());
                for (Object value : values) {
                    list.add(elements.decode(value));
                }
                return List.copyOf(list);
            }
        };
    }

    /** Returns the codec of maps from strings to such elements; decoded maps iterate by code point of their keys. */
    static <T> ValueCodec<Map<String, T>> map(ValueCodec<T> elements) {
        return new ValueCodec<>() {
            @Override
            public Object encode(Map<String, T> map) {
                Map<String, Object> values = new LinkedHashMap<>();
                map.forEach((key, element) -> values.put(key, elements.encode(element)));
                return values;
            }

            @Override
            public Map<String, T> decode(Object canonical) {
                Map<String, T> map = new LinkedHashMap<>();
                Map<?, ?> values = Map.class.cast(canonical);
                values.forEach((key, value) -> map.put(STRING.decode(key), elements.decode(value)));
                return Collections.unmodifiableMap(map);
            }
        };
    }

    /** The codec of a type whose instances are canonical values already. */
    final class Plain<T> implements ValueCodec<T> {

        private final Class<T> type;

        private Plain(Class<T> type) {
            this.type = type;
        }

        @Override
        public Object encode(T element) {
            return element;
        }

        @Override
        public T decode(Object canonical) {
            return type.cast(canonical);
        }
    }
}
