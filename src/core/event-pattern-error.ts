/** The message is the reason that EventBridge gives, `Event pattern is not valid. Reason: …`. */
export class EventPatternError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'EventPatternError';
  }
}
