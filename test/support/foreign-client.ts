/** Another vendor's client as a child process that finds the sandbox by AWS_ENDPOINT_URL alone. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { temporaryFolder } from './run-cli.ts';
import { firstLine, startBinary } from './binary.ts';

/** Whether this machine can run that command line. */
export function canRun(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Dummy credentials, no configuration of this machine, no other way to AWS. */
export function foreignEnvironment(endpoint: string): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !/_proxy$/i.test(name)),
  );
  return {
    ...env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    // A client that goes elsewhere all the same gets no further than this machine.
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** A sandbox in a process of its own, until the end of the test. Resolves with its endpoint. */
export async function startForeignSandbox(): Promise<string> {
  const sandbox = startBinary(['sandbox', 'start', '--json'], { cwd: temporaryFolder() });
  return (JSON.parse(await firstLine(sandbox)) as { endpoint: string }).endpoint;
}

/** Runs a command to its end. Rejects with what it printed to stderr when it fails. */
export async function runForeign(
  endpoint: string,
  command: string,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    env: foreignEnvironment(endpoint),
    maxBuffer: 16 * 1024 * 1024,
    timeout: 120_000,
  });
  return stdout;
}
