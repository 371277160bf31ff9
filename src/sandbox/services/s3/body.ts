import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** Objects live in memory, so a body is read to its end before anything is decided. */
export async function readBody(body: Readable | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk as Buffer);
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks);
}

/** Hexadecimal MD5, which is the entity tag of everything that was not uploaded in parts. */
export function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}
