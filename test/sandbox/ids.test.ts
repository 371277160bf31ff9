import { describe, expect, it } from 'vitest';
import { createIds } from '../../src/sandbox/ids.ts';

const sample = (seed?: number) => {
  const ids = createIds(seed);
  return [ids.uuid(), ids.hex(32), ids.upper(16), ids.uuid()];
};

describe('identifiers', () => {
  it('have the forms that AWS uses', () => {
    const ids = createIds(1);
    for (let i = 0; i < 200; i++) {
      expect(ids.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(ids.hex(5)).toMatch(/^[0-9a-f]{5}$/);
    expect(ids.upper(21)).toMatch(/^[A-Z0-9]{21}$/);
    expect(ids.hex(0)).toBe('');
  });

  it('repeat with the same seed', () => {
    expect(sample(42)).toEqual(sample(42));
    expect(sample(0)).toEqual(sample(0));
  });

  it('differ between close seeds, and between sandboxes without a seed', () => {
    expect(sample(42)).not.toEqual(sample(43));
    expect(sample()).not.toEqual(sample());
  });

  it('do not collide and use the whole alphabet', () => {
    const ids = createIds(7);
    const uuids = new Set(Array.from({ length: 20_000 }, () => ids.uuid()));
    expect(uuids.size).toBe(20_000);
    expect(new Set(ids.upper(5_000)).size).toBe(36);
    expect(new Set(ids.hex(5_000)).size).toBe(16);
  });
});
