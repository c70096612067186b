import type { Client } from './client.ts';
import type { Rejection } from './write.ts';
import type { Value } from './values.ts';

/**
 * What can be done about a rejected write: `at-once`, the same again may be accepted, once what stood in its way is gone; `after-edit`, something else
 * may be; `never`, it can be kept elsewhere or given up.
 */
export type RetryClass = 'at-once' | 'after-edit' | 'never';

const AT_ONCE = ['clock-skew', 'validator-failed', 'dependency-rejected', 'unknown-outcome'];
const NEVER = ['read-only', 'forbidden', 'epoch-changed', 'document-deleted', 'unobserved-removal'];

/**
 * The class of a code. What a validator of the application has chosen is about what was written, and so are codes that are not known here.
 * An `unknown-outcome` can be written again at once, and may then have happened twice, which is for the user to decide.
 */
export function retryClass(code: string): RetryClass {
  return AT_ONCE.includes(code) ? 'at-once' : NEVER.includes(code) ? 'never' : 'after-edit';
}

/**
 * The rejected writes as JSON, for the user to keep or send: a list of objects with `id`, `code`, `message` and `mutations`, each a list of path, type,
 * operation and value. Bytes are written as `{"$bytes": "<base64>"}`, integers beyond 2^53 with all their digits, numbers that JSON has no form for as
 * `{"$double": "NaN"}`, as the server's HTTP interface does.
 */
export function exportJson(client: Client): string {
  return `[${client.rejections.map(text).join()}]`;
}

function text({ id, code, message, mutations }: Rejection): string {
  const all = mutations.map(({ path, type, op, value }) => json([[...path], type, op, value]));
  return `{"id":${json(id)},"code":${json(code)},"message":${json(message)},"mutations":[${all.join()}]}`;
}

function json(value: Value): string {
  if (typeof value === 'bigint') {
    return `${value}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return `{"$double":"${value}"}`;
  }
  if (value instanceof Uint8Array) {
    return `{"$bytes":"${btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(''))}"}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(json).join()}]`;
  }
  if (value && typeof value === 'object') {
    return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${json(each)}`).join()}}`;
  }
  // a zero below zero is another value than zero
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
}
