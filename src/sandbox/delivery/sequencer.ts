/**
 * Sequencers as AWS writes them today: 18 upper-case hexadecimal digits, `00` and then a 64-bit point in time with the
 * seconds in its upper half. Strictly increasing, also when the clock stands still or goes back.
 */
export function createSequencer(now: () => number): () => string {
  let last = 0n;
  return () => {
    const moment = (BigInt(Math.trunc(now())) << 32n) / 1000n;
    last = moment > last ? moment : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}
