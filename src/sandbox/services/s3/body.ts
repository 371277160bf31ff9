import { createHash } from 'node:crypto';
import { finished, type Readable } from 'node:stream';

/** Objects live in memory, so a body is read to its end before anything is decided. */
export function readBody(body: Readable | undefined): Promise<Buffer> {
  if (!body) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    finished(body, (error) => {
      const [only] = chunks;
      if (error) reject(error);
      else resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks));
    });
  });
}

/** Hexadecimal MD5, which is the entity tag of everything that was not uploaded in parts. */
export function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}
