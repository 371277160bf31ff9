import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PythonInterpreter {
  /** The interpreter itself: a version manager's shim in front of it costs 26 to 60 ms at every start. */
  readonly executable: string;
  /** Where `pip install --user` puts packages; children have another home folder and would not find boto3 there. */
  readonly userBase: string | undefined;
}

/** Rejects with the reason when there is none. */
export type FindPython = () => Promise<PythonInterpreter>;

const QUESTION = 'import sys, site; print(sys.executable); print(site.getuserbase())';

/** `python3` of the search path; on Windows also `python`, the name of its installer. */
export const findPython: FindPython = async () => {
  const names = process.platform === 'win32' ? ['python3', 'python'] : ['python3'];
  let reason = '';
  for (const name of names) {
    try {
      const { stdout } = await run(name, ['-c', QUESTION], { timeout: 30_000, windowsHide: true });
      const [executable = '', userBase = ''] = stdout.split(/\r?\n/);
      if (executable !== '') return { executable, userBase: userBase === '' ? undefined : userBase };
      reason = `${name} did not say where it is`;
    } catch (error) {
      // Only the first line: a failing interpreter prints its whole traceback.
      reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    }
  }
  throw new Error(reason);
};
