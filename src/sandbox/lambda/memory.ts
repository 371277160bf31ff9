/** What a process uses, as Linux tells. Without /proc nothing is known, and no limit is kept. */
import { readFileSync } from 'node:fs';

export interface MemoryUse {
  /** Resident, the interpreter's own files in it. MB. */
  readonly peakMb: number;
  /**
   * Without files, which on AWS count as well: the interpreters of this machine may be larger than AWS's, so that the limit is
   * rather reached too late here than too early. Undefined where the system does not tell them apart. MB.
   */
  readonly peakPrivateMb: number | undefined;
}

/** Reads the use of one process again and again. Reading takes some ten microseconds. */
export function memoryReader(pid: number): () => MemoryUse | undefined {
  let mostFileKb = 0;
  return () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const kb = (name: string) => {
        const value = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
        return value === undefined ? undefined : Number(value);
      };
      const peak = kb('VmHWM');
      if (peak === undefined) return presentUse(pid);
      const file = kb('RssFile');
      // Files are dropped from memory when the machine needs it, but were there at the peak.
      mostFileKb = Math.max(mostFileKb, file ?? 0);
      return {
        peakMb: Math.ceil(peak / 1024),
        peakPrivateMb: file === undefined ? undefined : Math.floor((peak - mostFileKb) / 1024),
      };
    } catch {
      return undefined;
    }
  };
}

/** Where a container's /proc lacks the peak, statm has the present size in pages of 4 KB. */
function presentUse(pid: number): MemoryUse | undefined {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return pages > 0 ? { peakMb: Math.ceil((pages * 4096) / 1_048_576), peakPrivateMb: undefined } : undefined;
}
