/**
 * The AWS SDK as the judge of the wire codec: every operation of every installed client is called with every member
 * filled, the server compares what it parsed, answers with every member filled, and the SDK's parse is compared.
 */
import * as cloudtrail from '@aws-sdk/client-cloudtrail';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as sts from '@aws-sdk/client-sts';
import { NormalizedSchema } from '@smithy/core/schema';
import type { StaticOperationSchema } from '@smithy/types';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIds } from '../../src/sandbox/ids.ts';
import { Journal } from '../../src/sandbox/journal.ts';
import type { AnyHandler } from '../../src/sandbox/wire/dispatch.ts';
import {
  defineService,
  SERVICE_SPECS,
  type ServiceDefinition,
  type ServiceId,
} from '../../src/sandbox/wire/schema.ts';
import { createWireServer, type WireServer } from '../../src/sandbox/wire/server.ts';
import { AwsError } from '../../src/sandbox/wire/types.ts';
import { differences, sample } from './sample.ts';

type Structure = Record<string, unknown>;

interface SdkClient {
  send(command: object): Promise<Structure>;
  destroy(): void;
}

interface Service {
  readonly id: ServiceId;
  readonly module: Structure;
  readonly client: string;
  /** An operation that is called to receive each modelled error, and its input. */
  readonly probe: readonly [operation: string, input: Structure];
  /** Operations that are not tried, and why. */
  readonly exceptions: Readonly<Record<string, string>>;
  /** Input members that are not filled, and why. */
  readonly ownInputs: Readonly<Record<string, string>>;
  readonly ownOutputs: Readonly<Record<string, string>>;
  /** Errors that are not tried, and why. */
  readonly ownErrors?: Readonly<Record<string, string>>;
}

const CHECKSUM = 'the client computes or verifies it against the body; one checksum at a time';
const CHECKSUMS = Object.fromEntries(
  ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256', 'SHA512', 'MD5', 'XXHASH3', 'XXHASH64', 'XXHASH128'].map(
    (name) => [`Checksum${name}`, CHECKSUM],
  ),
);
const SSE_KEY = 'the client replaces it with its base64 form and digest, and demands https';

const SERVICES: readonly Service[] = [
  {
    id: 's3',
    module: s3,
    client: 'S3Client',
    probe: ['GetBucketTagging', { Bucket: 'bucket' }],
    exceptions: {
      GetBucketLocation: 'its schema is one level deeper than what S3 sends; handlers answer with rawXml',
      SelectObjectContent: 'event stream',
    },
    ownInputs: {
      ...CHECKSUMS,
      ChecksumAlgorithm: CHECKSUM,
      ContentMD5: CHECKSUM,
      ContentLength: 'the client sets it from the body',
      SSECustomerKey: SSE_KEY,
      SSECustomerKeyMD5: SSE_KEY,
      CopySourceSSECustomerKey: SSE_KEY,
      CopySourceSSECustomerKeyMD5: SSE_KEY,
    },
    ownOutputs: {
      ...CHECKSUMS,
      ContentLength: 'the server sets it from the body',
    },
  },
  {
    id: 'lambda',
    module: lambda,
    client: 'LambdaClient',
    probe: ['GetFunction', { FunctionName: 'f' }],
    exceptions: { InvokeWithResponseStream: 'event stream' },
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'logs',
    module: logs,
    client: 'CloudWatchLogsClient',
    probe: ['DescribeLogGroups', {}],
    exceptions: { StartLiveTail: 'event stream', GetLogObject: 'event stream' },
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'iam',
    module: iam,
    client: 'IAMClient',
    probe: ['GetUser', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'sts',
    module: sts,
    client: 'STSClient',
    probe: ['GetCallerIdentity', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'sqs',
    module: sqs,
    client: 'SQSClient',
    probe: ['ListQueues', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'sns',
    module: sns,
    client: 'SNSClient',
    probe: ['ListTopics', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'events',
    module: events,
    client: 'EventBridgeClient',
    probe: ['ListRules', {}],
    exceptions: {},
    ownInputs: { EndpointId: 'the client makes a host name of it' },
    ownOutputs: {},
  },
  {
    id: 'kms',
    module: kms,
    client: 'KMSClient',
    probe: ['ListKeys', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
  {
    id: 'monitoring',
    module: cloudwatch,
    client: 'CloudWatchClient',
    probe: ['ListMetrics', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
    ownErrors: {
      DashboardNotFoundError: 'its code of the query protocol is another error too, which the client takes',
    },
  },
  {
    id: 'cloudtrail',
    module: cloudtrail,
    client: 'CloudTrailClient',
    probe: ['ListTrails', {}],
    exceptions: {},
    ownInputs: {},
    ownOutputs: {},
  },
];

/** What the next call is to receive, and what the last one brought. */
let answer: Structure | AwsError;
let seen: { operation: string; input: Structure } | undefined;
let server: WireServer;
let endpoint: string;
const serverErrors: unknown[] = [];
const definitions = new Map(
  SERVICES.map(({ id, module }) => [id, defineService(SERVICE_SPECS[id], module)] as const),
);

beforeAll(async () => {
  server = createWireServer({
    account: '111122223333',
    region: 'us-east-1',
    ids: createIds(1),
    journal: new Journal(),
    onError: (error) => serverErrors.push(error),
  });
  for (const definition of definitions.values()) server.mount(definition, echoHandlers(definition));
  endpoint = `http://127.0.0.1:${await server.listen(0)}`;
});

afterAll(() => server.close());

function echoHandlers(definition: ServiceDefinition): Record<string, AnyHandler> {
  const handlers: Record<string, AnyHandler> = {};
  for (const operation of definition.operations.keys()) {
    handlers[operation] = async (input: Structure) => {
      seen = { operation, input: await readStreams(input) };
      if (answer instanceof AwsError) throw answer;
      return answer;
    };
  }
  return handlers;
}

async function readStreams(structure: Structure): Promise<Structure> {
  const out = { ...structure };
  for (const [name, value] of Object.entries(structure)) {
    if (value instanceof Readable) out[name] = Buffer.concat(await value.toArray());
  }
  return out;
}

function createClient({ module, client }: Service): SdkClient {
  const Client = module[client] as new (config: object) => SdkClient;
  return new Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    disableHostPrefix: true,
    forcePathStyle: true,
    // SQS: the digests and addresses of the answers are sample text.
    md5: false,
    useQueueUrlAsEndpoint: false,
  });
}

function createCommand({ module }: Service, operation: string, input: Structure): object {
  const Command = module[`${operation}Command`] as new (input: object) => object;
  return new Command(input);
}

function exportedOperations({ module }: Service): Map<string, StaticOperationSchema> {
  const commands = Object.keys(module).filter((key) => /^[A-Z]\w*Command$/.test(key));
  return new Map(
    commands.map((key) => {
      const name = key.slice(0, -'Command'.length);
      return [name, module[`${name}$`] as StaticOperationSchema];
    }),
  );
}

function fill(reference: unknown, left: Readonly<Record<string, string>>): Structure {
  const schema = NormalizedSchema.of(reference as never);
  if (!schema.isStructSchema()) return {};
  const value = sample(schema, specialText) as Structure;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(left, name)));
}

function specialText(name: string, schema: NormalizedSchema): string | undefined {
  if (name === 'Bucket' && schema.getMergedTraits().httpLabel) return 'bucket-x';
  if (name === 'Key' && schema.getMergedTraits().httpLabel) return 'dir//../a b+c&é%2F?#.txt/';
  if (name === 'RequestRoute') return 'route'; // It may become part of the host name.
  if (name === 'Expires' || name === 'ExpiresString') return 'Tue, 14 Nov 2023 22:13:20 GMT';
  return undefined;
}

/** Streamed payloads as bytes. */
async function readOutput(output: Structure): Promise<Structure> {
  const out: Structure = {};
  for (const [name, value] of Object.entries(output)) {
    const stream = value as { transformToByteArray?: () => Promise<Uint8Array> } | null | undefined;
    if (name === '$metadata') continue;
    out[name] = stream?.transformToByteArray ? await stream.transformToByteArray() : value;
  }
  return out;
}

describe.each(SERVICES)('$id', (service) => {
  const operations = exportedOperations(service);
  const tried = [...operations.keys()].filter((name) => !Object.hasOwn(service.exceptions, name));

  it('reads every input and writes every output as the SDK does', async () => {
    const client = createClient(service);
    const failures: string[] = [];
    for (const name of tried) {
      const schema = operations.get(name)!;
      const input = fill(schema[4], service.ownInputs);
      const output = fill(schema[5], service.ownOutputs);
      answer = output;
      seen = undefined;
      let parsed: Structure = {};
      try {
        parsed = await readOutput(await client.send(createCommand(service, name, { ...input })));
      } catch (error) {
        failures.push(`${name}: ${String(error)}`);
      }
      const call = seen as { operation: string; input: Structure } | undefined;
      if (call?.operation !== name) failures.push(`${name}: arrived as ${call?.operation ?? 'nothing'}`);
      for (const line of differences(input, withoutOwn(call?.input ?? {}, service.ownInputs))) {
        failures.push(`${name} input: ${line}`);
      }
      for (const line of differences(output, withoutOwn(parsed, service.ownOutputs))) {
        failures.push(`${name} output: ${line}`);
      }
    }
    client.destroy();
    expect(failures).toEqual([]);
    expect(serverErrors).toEqual([]);
  });

  it('covers every exported operation but the listed exceptions', () => {
    const definition = definitions.get(service.id)!;
    expect([...definition.operations.keys()].sort()).toEqual([...operations.keys()].sort());
    expect(Object.keys(service.exceptions).filter((name) => !operations.has(name))).toEqual([]);
    expect(tried.length).toBeGreaterThan(0);
    expect(tried.length).toBe(operations.size - Object.keys(service.exceptions).length);
  });

  it('sends every modelled error as its class, with message and members', async () => {
    const definition = definitions.get(service.id)!;
    const client = createClient(service);
    const failures: string[] = [];
    for (const name of definition.errorNames) {
      if (Object.hasOwn(service.ownErrors ?? {}, name)) continue;
      const texts = definition
        .error(name)!
        .members.filter((member) => member.shape.kind === 'string' && !/^(message|type)$/i.test(member.name));
      const members = Object.fromEntries(texts.map((member) => [member.name, `value of ${member.name}`]));
      answer = new AwsError(name, `message <${name}>`, { members });
      const error = await client
        .send(createCommand(service, ...service.probe))
        .catch((thrown: unknown) => thrown);
      const Expected = service.module[name] as new () => Error;
      if (!(error instanceof Expected)) failures.push(`${name}: arrived as ${String(error)}`);
      const wanted = { message: answer.message, ...members };
      const got = Object.fromEntries(Object.keys(wanted).map((key) => [key, (error as Structure)[key]]));
      for (const line of differences(wanted, got)) failures.push(`${name}: ${line}`);
    }
    client.destroy();
    expect(failures).toEqual([]);
    expect(definition.errorNames.length).toBeGreaterThan(10);
  });
});

/** What the client added to a message by itself. */
function withoutOwn(structure: Structure, left: Readonly<Record<string, string>>): Structure {
  return Object.fromEntries(Object.entries(structure).filter(([name]) => !Object.hasOwn(left, name)));
}
