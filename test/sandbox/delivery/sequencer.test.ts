import { describe, expect, it } from 'vitest';
import { createSequencer } from '../../../src/sandbox/delivery/sequencer.ts';

describe('createSequencer', () => {
  it('grows strictly while time stands still, and when it goes back', () => {
    let now = Date.UTC(2026, 9, 5);
    const next = createSequencer(() => now);
    const drawn = [next(), next()];
    now += 1;
    drawn.push(next());
    now -= 5000;
    drawn.push(next());
    expect(drawn).toEqual([...drawn].sort());
    expect(new Set(drawn).size).toBe(4);
    for (const sequencer of drawn) expect(sequencer).toMatch(/^[0-9A-F]{18}$/);
  });

  it('keeps the seconds in the upper half', () => {
    expect(createSequencer(() => 0x55aed6dc * 1000)()).toBe('0055AED6DC00000000');
  });
});
