import { randomBytes } from 'node:crypto';
import type { Ids } from './env.ts';

const HEX = '0123456789abcdef';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/**
 * Identifiers that look like AWS's. The same seed gives the same sequence, so that a run can be repeated; without a
 * seed every sandbox has its own. They are names, not secrets: nothing may rely on them being hard to guess.
 */
export function createIds(seed?: number): Ids {
  const word = wordGenerator(seed);
  const pick = (alphabet: string, length: number): string => {
    let text = '';
    // Scaled, not modulo: 36 does not divide 2^32.
    for (let i = 0; i < length; i++)
      text += alphabet.charAt(Math.floor((word() / 2 ** 32) * alphabet.length));
    return text;
  };
  return {
    hex: (length) => pick(HEX, length),
    upper: (length) => pick(UPPER, length),
    // Version 4, variant 1 (RFC 9562): clients and tests check the form.
    uuid: () =>
      [
        pick(HEX, 8),
        pick(HEX, 4),
        `4${pick(HEX, 3)}`,
        `${pick('89ab', 1)}${pick(HEX, 3)}`,
        pick(HEX, 12),
      ].join('-'),
  };
}

/** Numbers in [0, 1), the same ones for the same seed. */
export function createRandom(seed: number): () => number {
  const word = wordGenerator(seed);
  return () => word() / 2 ** 32;
}

/** sfc32 ("small fast counting", Chris Doty-Humphrey's PractRand): 32 bits at each call, 128 bits of state. */
function wordGenerator(seed: number | undefined): () => number {
  const start = seed === undefined ? randomBytes(12) : Buffer.alloc(12);
  if (seed !== undefined) start.writeDoubleLE(seed);
  let a = start.readUInt32LE(0);
  let b = start.readUInt32LE(4);
  let c = start.readUInt32LE(8);
  let counter = 1;
  const next = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  // Close seeds start close together: the first rounds spread them.
  for (let i = 0; i < 20; i++) next();
  return next;
}
