import type {
  DoctorFacts,
  FunctionConfiguration,
  LogSeen,
  SeenError,
  SeenInvocation,
  SeenRecord,
  Simulation,
} from '../../../src/core/doctor/facts.ts';
import { read } from '../../../src/core/doctor/reading.ts';
import {
  BUCKET,
  configuration,
  facts,
  fnArn,
  functionNode,
  log,
  MINUTE,
  NOW,
  ROLE_ARN,
  roleNode,
  type FactsOver,
} from './support.ts';

export const STREAM = '2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef';

/** One invocation as the log shows it; `at` is minutes before now, its report comes a second later. */
export interface Shown {
  readonly id: string;
  readonly at: number;
  readonly keys?: readonly string[];
  readonly record?: Partial<SeenRecord>;
  readonly error?: readonly [type: string, message: string];
  readonly invocation?: Partial<SeenInvocation>;
  readonly report?: Partial<NonNullable<SeenInvocation['report']>>;
}

export function seen(...shown: readonly Shown[]): Partial<LogSeen> {
  const records: SeenRecord[] = [];
  const invocations: SeenInvocation[] = [];
  const errors: SeenError[] = [];
  for (const { id, at, keys = [], record = {}, error, invocation = {}, report = {} } of shown) {
    const time = NOW - at * MINUTE;
    for (const rawKey of keys) {
      const key = decodeURIComponent(rawKey.replaceAll('+', ' '));
      records.push({
        time: time + 100,
        invocation: id,
        stream: STREAM,
        eventName: 'ObjectCreated:Put',
        bucket: BUCKET,
        key,
        rawKey,
        configurationId: 'thumbs',
        via: [],
        ...record,
      });
    }
    if (error) {
      errors.push({ time: time + 500, invocation: id, stream: STREAM, type: error[0], message: error[1] });
    }
    invocations.push({
      requestId: id,
      starts: [time],
      stream: STREAM,
      version: '$LATEST',
      report: {
        time: time + 1_000,
        durationMs: 900,
        memoryMb: 128,
        maxMemoryMb: 60,
        status: 'ok',
        ...report,
      },
      ...invocation,
    });
  }
  return { lines: 10, records, invocations, errors };
}

export function ok(id: string, at: number, ...keys: readonly string[]): Shown {
  return { id, at, keys };
}

export interface Given extends FactsOver {
  readonly configuration?: Partial<FunctionConfiguration>;
  readonly simulated?: readonly Simulation[];
}

/** The healthy bucket with this log of its function `thumbs`. */
export function withLog(
  shown: readonly Shown[],
  { configuration: over = {}, simulated = [], ...rest }: Given = {},
): DoctorFacts {
  return facts({
    functions: {
      [fnArn()]: functionNode({
        configuration: read('lambda:GetFunctionConfiguration', configuration(over)),
        log: log(seen(...shown)),
      }),
    },
    roles: { [ROLE_ARN]: roleNode({ simulated: read('iam:SimulatePrincipalPolicy', simulated) }) },
    ...rest,
  });
}

/** A sample that does not tell whether a key is there, unless it lists it. */
export function sampleOf(...keys: readonly string[]) {
  return read('s3:ListBucketVersions', {
    truncated: true,
    entries: keys.map((key) => ({
      key,
      versionId: 'null',
      latest: true,
      deleteMarker: false,
      modified: NOW - 30 * MINUTE,
      size: 10,
    })),
  });
}

export function objectOf(
  key: string,
  head: Readonly<Record<string, unknown>> | undefined = {},
): NonNullable<DoctorFacts['object']> {
  return {
    key,
    head: read('s3:GetObject', { size: 10, modified: NOW - 30 * MINUTE, eTag: 'e', ...head }),
    versions: read('s3:ListBucketVersions', []),
  };
}

export function s3Error(code: string, operation = 'GetObject', text = 'Access Denied') {
  return [
    'ClientError',
    `An error occurred (${code}) when calling the ${operation} operation: ${text}`,
  ] as const;
}

export function refusal(
  resource: string,
  {
    action = 's3:GetObject',
    why = 'because no identity-based policy allows the',
  }: { action?: string; why?: string } = {},
) {
  const tail = why.endsWith('the') ? `${why} ${action} action` : why;
  return s3Error(
    'AccessDenied',
    'GetObject',
    `User: arn:aws:sts::111122223333:assumed-role/thumbs-role/thumbs is not authorized to perform: ${action} on resource: "${resource}" ${tail}`,
  );
}

export function simulation(
  action: string,
  resource: string,
  decision: Simulation['decision'],
  deniedBy?: Simulation['deniedBy'],
): Simulation {
  return { action, resource, decision, deniedBy };
}
