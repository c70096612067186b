/** Those who want to hear of something. */
export class Topic<T> {
  private readonly listeners = new Set<(news: T) => void>();

  /** Calls the listener from now on; returns how to stop that. */
  add(listener: (news: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(news: T): void {
    this.listeners.forEach((listener) => safely(() => listener(news)));
  }
}

/** A listener that throws is reported and disturbs nobody else. */
export function safely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
