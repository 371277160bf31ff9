/**
 * Runs a command that s3evt printed, as somebody would who copies it: `aws …` with the SDK's own model of that operation, `s3evt …` in
 * this process. It knows nothing of how the command was made.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { startCli } from './run-cli.ts';
import { shellWords } from './shell-words.ts';
import type { TestClients } from './test-clients.ts';

type Model = Readonly<Record<string, unknown>>;
type Command = new (input: object) => object;

const SDKS: Readonly<
  Record<string, { readonly client: keyof TestClients; readonly load: () => Promise<Model> }>
> = {
  lambda: { client: 'lambda', load: () => import('@aws-sdk/client-lambda') },
  sqs: { client: 'sqs', load: () => import('@aws-sdk/client-sqs') },
  sns: { client: 'sns', load: () => import('@aws-sdk/client-sns') },
  events: { client: 'events', load: () => import('@aws-sdk/client-eventbridge') },
  kms: { client: 'kms', load: () => import('@aws-sdk/client-kms') },
  iam: { client: 'iam', load: () => import('@aws-sdk/client-iam') },
  s3api: { client: 's3', load: () => import('@aws-sdk/client-s3') },
  logs: { client: 'logs', load: () => import('@aws-sdk/client-cloudwatch-logs') },
};

/** With a shell, the AWS CLI and the built s3evt, where the caller has them all. */
export const REAL = process.env['S3EVT_REAL_COMMANDS'] === '1';

/** Options of the AWS CLI itself. */
const GLOBAL = ['--region', '--endpoint-url', '--profile'];

export interface Place {
  readonly clients: TestClients;
  readonly endpoint: string;
  readonly cwd: string;
}

export async function runCopied(line: string, place: Place): Promise<void> {
  if (REAL) {
    await runForReal(line, place);
    return;
  }
  const words = shellWords(line);
  const pipe = words.indexOf('|');
  if (pipe < 0) return runOne(words, undefined, place);
  const [printf, format, text] = words;
  expect([printf, format, pipe], line).toEqual(['printf', '%s', 3]);
  await runOne(words.slice(pipe + 1), text, place);
}

async function runForReal(line: string, { endpoint, cwd }: Place): Promise<void> {
  const s3evt = `s3evt() { '${process.execPath}' '${join(process.cwd(), 'bin', 's3evt.js')}' "$@"; }`;
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    XDG_STATE_HOME: join(cwd, 'state'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  };
  await promisify(execFile)('sh', ['-c', `${s3evt}\n${line}`], { cwd, env });
}

async function runOne(words: readonly string[], stdin: string | undefined, place: Place): Promise<void> {
  const [program, ...rest] = words;
  if (program === 's3evt') {
    const run = startCli(rest, { endpoint: place.endpoint, cwd: place.cwd });
    run.stdin.end(stdin ?? '');
    const code = await run.code;
    expect(code, `${words.join(' ')}\n${run.stderr.text}`).toBe(0);
    return;
  }
  expect(program).toBe('aws');
  await runAws(rest, place.clients);
}

async function runAws(
  [service = '', operation = '', ...options]: readonly string[],
  clients: TestClients,
): Promise<void> {
  const sdk = SDKS[service];
  if (!sdk) throw new Error(`aws has no ${service} here`);
  const model = await sdk.load();
  const name = Object.keys(model).find(
    (one) => one.endsWith('Command') && kebab(one.slice(0, -'Command'.length)) === operation,
  );
  if (name === undefined) throw new Error(`aws ${service} has no ${operation}`);
  const { members, numbers, texts } = inputOf(model, name.slice(0, -'Command'.length));
  const input: Record<string, unknown> = {};
  for (let at = 0; at < options.length; at++) {
    const option = options[at] ?? '';
    if (GLOBAL.includes(option)) {
      at++;
      continue;
    }
    const negated = option.startsWith('--no-');
    const wanted = option.slice(negated ? 5 : 2);
    const member = members.find((one) => kebab(one) === wanted);
    if (member === undefined) throw new Error(`aws ${service} ${operation} has no option ${option}`);
    const value = options[at + 1];
    if (negated || value === undefined || value.startsWith('--')) input[member] = !negated;
    else {
      at++;
      input[member] = texts.has(member) ? value : valueOf(value, numbers.has(member));
    }
  }
  const Command = model[name] as Command;
  const client = clients[sdk.client] as { send(command: object): Promise<unknown> };
  await client.send(new Command(input));
}

/** What the AWS CLI makes of a value that is no text: JSON for structures and numbers. */
function valueOf(text: string, isNumber: boolean): unknown {
  if (isNumber) return Number(text);
  if (!/^[[{]/.test(text)) return text;
  return JSON.parse(text) as unknown;
}

/** Members of the operation's input, from the schema that the client exports; and those that are numbers, or text. */
function inputOf(
  model: Model,
  operation: string,
): {
  readonly members: readonly string[];
  readonly numbers: ReadonlySet<string>;
  readonly texts: ReadonlySet<string>;
} {
  const schema = model[`${operation}$`] as readonly unknown[] | undefined;
  const input = schema?.[4] as (() => readonly unknown[]) | readonly unknown[] | undefined;
  const structure = typeof input === 'function' ? input() : input;
  const [members, types] = [structure?.[4], structure?.[5]];
  if (!Array.isArray(members) || !Array.isArray(types)) throw new Error(`no schema of ${operation}`);
  const typeOf = (type: unknown): unknown => (Array.isArray(type) ? typeOf(type[0]) : type);
  const names = members as string[];
  const of = (wanted: number) => new Set(names.filter((_, index) => typeOf(types[index]) === wanted));
  return { members: names, numbers: of(NUMERIC), texts: of(TEXT) };
}

/** Smithy's codes in schemas. */
const TEXT = 0;
const NUMERIC = 1;

/** As the AWS CLI names operations and options. */
function kebab(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}
