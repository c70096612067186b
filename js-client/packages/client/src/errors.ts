/** An error with a stable, machine-readable code; the message is for developers. */
export class RejoinError extends Error {
  readonly code: string;

  constructor(code: string, message: string = code) {
    super(message);
    this.name = 'RejoinError';
    this.code = code;
  }
}
