import { hasCode, S3evtError } from '../../core/errors.ts';
import { absent, denied, read, type Reading } from '../../core/doctor/reading.ts';
import type { Aws } from '../clients.ts';

/** Reads under way at once: enough to keep a slow line busy, few enough for AWS's request rates. */
const AT_ONCE = 48;

/** One run of reads. Every read becomes an answer: only the end of the run itself is thrown. */
export interface Reader {
  readonly aws: Aws;
  /** The Region's own reader: what an ARN names is looked up where the ARN says. */
  inRegion(region: string): Reader;
  /**
   * One read. `action` is the IAM action; an answer of undefined, or AWS's "not found", is `absent`. Rejects when the run is
   * aborted, and where no read can succeed: without credentials.
   */
  read<T>(action: string, resource: string, work: () => Promise<T | undefined>): Promise<Reading<T>>;
}

export function createReader(aws: Aws): Reader {
  return readerOf(aws, createGate(AT_ONCE));
}

type Gate = <T>(work: () => Promise<T>) => Promise<T>;

function readerOf(aws: Aws, gate: Gate): Reader {
  return {
    aws,
    inRegion: (region) => readerOf(aws.inRegion(region), gate),
    async read(action, resource, work) {
      try {
        const value = await gate(work);
        return value === undefined ? absent(action) : read(action, value);
      } catch (error) {
        if (hasCode(error, 'NOT_FOUND')) return absent(action);
        if (hasCode(error, 'ACCESS_DENIED'))
          return denied(action, resource, error.aws?.message ?? error.message);
        if (!(error instanceof S3evtError) || endsTheRun(error)) throw error;
        return { state: 'failed', call: action, resource, message: error.message };
      }
    },
  };
}

/** Bugs, and who has no credentials has them for nothing. */
function endsTheRun(error: S3evtError): boolean {
  return error.code === 'INTERNAL' || error.category === 'identity';
}

function createGate(most: number): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
