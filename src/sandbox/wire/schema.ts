import { NormalizedSchema } from '@smithy/core/schema';
import type { StaticErrorSchema, StaticOperationSchema } from '@smithy/types';
import { type Member, type StructureShape, structureOf } from './shape.ts';

export type ServiceId =
  'kms' | 's3' | 'lambda' | 'logs' | 'iam' | 'sts' | 'sqs' | 'sns' | 'events' | 'monitoring' | 'cloudtrail';
type Protocol = 'restXml' | 'restJson' | 'json10' | 'json11' | 'query';

/** What a client's schemas do not say of its service. */
export interface ServiceSpec {
  readonly id: ServiceId;
  readonly protocol: Protocol;
  readonly version: string;
  /** JSON now, but query before: errors carry their old code too. */
  readonly queryCompatible?: boolean;
  /** Prefix of `X-Amz-Target` (JSON protocols). */
  readonly target?: string;
  /** Namespace of its XML documents. */
  readonly xmlns?: string;
}

/** The values stand as `protocolSettings` in each client's `runtimeConfig.shared.js`. */
export const SERVICE_SPECS: Readonly<Record<ServiceId, ServiceSpec>> = {
  s3: {
    id: 's3',
    protocol: 'restXml',
    version: '2006-03-01',
    xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
  },
  lambda: { id: 'lambda', protocol: 'restJson', version: '2015-03-31' },
  kms: { id: 'kms', protocol: 'json11', version: '2014-11-01', target: 'TrentService' },
  logs: { id: 'logs', protocol: 'json11', version: '2014-03-28', target: 'Logs_20140328' },
  sqs: {
    id: 'sqs',
    protocol: 'json10',
    version: '2012-11-05',
    target: 'AmazonSQS',
    queryCompatible: true,
  },
  events: { id: 'events', protocol: 'json11', version: '2015-10-07', target: 'AWSEvents' },
  monitoring: {
    id: 'monitoring',
    protocol: 'json10',
    version: '2010-08-01',
    target: 'GraniteServiceVersion20100801',
    queryCompatible: true,
  },
  cloudtrail: { id: 'cloudtrail', protocol: 'json11', version: '2013-11-01', target: 'CloudTrail_20131101' },
  sns: {
    id: 'sns',
    protocol: 'query',
    version: '2010-03-31',
    xmlns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  },
  iam: {
    id: 'iam',
    protocol: 'query',
    version: '2010-05-08',
    xmlns: 'https://iam.amazonaws.com/doc/2010-05-08/',
  },
  sts: {
    id: 'sts',
    protocol: 'query',
    version: '2011-06-15',
    xmlns: 'https://sts.amazonaws.com/doc/2011-06-15/',
  },
};

/** Members of an input or output by their place in an HTTP message. */
interface Bindings {
  readonly labels: readonly Member[];
  readonly queries: readonly Member[];
  readonly headers: readonly Member[];
  readonly prefixHeaders: readonly Member[];
  readonly payload: Member | undefined;
  readonly status: Member | undefined;
  readonly body: readonly Member[];
}

export interface Operation {
  readonly name: string;
  /** Of REST protocols: method, URI template, status of success. */
  readonly http: readonly [method: string, uri: string, status: number] | undefined;
  /** undefined where the operation has no input ("unit"). The four getters are lazy, so that a start is fast. */
  readonly input: StructureShape | undefined;
  readonly output: StructureShape | undefined;
  readonly inputBindings: Bindings;
  readonly outputBindings: Bindings;
}

export interface ErrorDefinition {
  /** Name in the model, which the SDK uses as class name. */
  readonly name: string;
  readonly namespace: string;
  /** Code on the wire of a query protocol, where it differs from the name. */
  readonly queryCode: string | undefined;
  /** undefined where the model names none. */
  readonly status: number | undefined;
  readonly fault: 'client' | 'server';
  readonly members: readonly Member[];
}

export interface ServiceDefinition extends ServiceSpec {
  /** By name, in alphabetical order. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** The modelled error of a name, or of a query code (`NoSuchEntity`). */
  readonly error: (code: string) => ErrorDefinition | undefined;
  readonly errorNames: readonly string[];
}

const OPERATION = 9;
const ERROR = -3;

/** All operations and errors that a client package exports as schemas (`PutObject$`, `NoSuchKey$`). */
export function defineService(
  spec: ServiceSpec,
  module: Readonly<Record<string, unknown>>,
): ServiceDefinition {
  const operations: Operation[] = [];
  const errors = new Map<string, ErrorDefinition>();
  for (const key of Object.keys(module)) {
    // Only keys of schemas are touched: the others may be getters that load a whole file.
    if (!key.endsWith('$')) continue;
    const value = module[key];
    if (!Array.isArray(value)) continue;
    if (value[0] === OPERATION) operations.push(defineOperation(value as unknown as StaticOperationSchema));
    else if (value[0] === ERROR) {
      const error = defineError(value as unknown as StaticErrorSchema);
      // The base class of a client's errors has a schema too, but no service sends it.
      if (error.namespace.startsWith('smithy.ts.sdk.synthetic')) continue;
      errors.set(error.name, error);
      if (error.queryCode !== undefined && !errors.has(error.queryCode)) errors.set(error.queryCode, error);
    }
  }
  operations.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...spec,
    operations: new Map(operations.map((operation) => [operation.name, operation])),
    error: (code) => errors.get(code),
    errorNames: [...new Set([...errors.values()].map((error) => error.name))],
  };
}

/** The operations among them, as the SDK names them. */
export function operationNames(module: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(module)
    .filter((key) => key.endsWith('$'))
    .map((key) => module[key])
    .filter((value) => Array.isArray(value) && value[0] === OPERATION)
    .map((value) => (value as StaticOperationSchema)[2]);
}

function defineOperation(schema: StaticOperationSchema): Operation {
  const input = once(() => structureOf(NormalizedSchema.of(schema[4])));
  const output = once(() => structureOf(NormalizedSchema.of(schema[5])));
  const inputBindings = once(() => bindings(input()));
  const outputBindings = once(() => bindings(output()));
  const traits = schema[3];
  return {
    name: schema[2],
    http: typeof traits === 'object' ? traits.http : undefined,
    get input() {
      return input();
    },
    get output() {
      return output();
    },
    get inputBindings() {
      return inputBindings();
    },
    get outputBindings() {
      return outputBindings();
    },
  };
}

function defineError(schema: StaticErrorSchema): ErrorDefinition {
  const traits = typeof schema[3] === 'object' ? schema[3] : {};
  const query = traits['awsQueryError'] as readonly [code: string, status: number] | undefined;
  const status = query?.[1] ?? (traits['httpError'] as number | undefined);
  const fault = traits.error ?? 'client';
  const members = once(() => structureOf(NormalizedSchema.of(schema))?.members() ?? []);
  return {
    name: schema[2],
    namespace: schema[1],
    queryCode: query?.[0],
    status: status ?? (fault === 'server' ? 500 : undefined),
    fault,
    get members() {
      return members();
    },
  };
}

function bindings(shape: StructureShape | undefined): Bindings {
  const members = shape?.members() ?? [];
  const at = (location: Member['binding']['location']): Member[] =>
    members.filter((member) => member.binding.location === location);
  return {
    labels: at('label'),
    queries: at('query'),
    headers: at('header'),
    prefixHeaders: at('prefixHeaders'),
    payload: at('payload')[0],
    status: at('status')[0],
    body: at('body'),
  };
}

/** `make` is called at the first use only. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
