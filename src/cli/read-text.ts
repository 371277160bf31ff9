import { resolve } from 'node:path';
import { S3evtError } from '../core/errors.ts';
import type { Host } from './host.ts';

/** Text of a file, or of stdin for `-`. Throws FILE_UNREADABLE. */
export async function readText(from: string, host: Pick<Host, 'stdin' | 'cwd'>): Promise<string> {
  if (from === '-') {
    let text = '';
    for await (const chunk of host.stdin) text += String(chunk);
    return text;
  }
  try {
    const { readFile } = await import('node:fs/promises');
    return await readFile(resolve(host.cwd, from), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new S3evtError('FILE_UNREADABLE', `${from} cannot be read (${code})`, {
      hint: 'Check the path, or pass - to read stdin.',
      cause: error,
    });
  }
}

/** How messages call what `readText` reads. */
export function textName(from: string): string {
  return from === '-' ? 'stdin' : from;
}
