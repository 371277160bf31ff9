/** Functions that do something with the object that they are told of, and what people do to such functions. */
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { zipOf, type FunctionCode } from '../../support/function-code.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import type { TestClients } from '../../support/test-clients.ts';
import { BUCKET, BUCKET_ARN, directFunction } from './world.ts';

/** A handler that prints its event and goes on with `body`; `before` stands outside of it. */
export function handler(body: string, before = ''): FunctionCode {
  const text = `${before}
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  ${body}
};
`;
  return { Runtime: 'nodejs22.x', Handler: 'app.handler', Code: { ZipFile: zipOf('app.mjs', text) } };
}

/** The SDK of this repository, so that a refusal stands in the log in the very words of the SDK. */
const SDK = `
import { createRequire } from 'node:module';
const { S3Client, GetObjectCommand } = createRequire(${JSON.stringify(import.meta.url)})('@aws-sdk/client-s3');
const s3 = new S3Client({ forcePathStyle: true, maxAttempts: 1 });
const read = async (Bucket, Key) => (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToByteArray();
const decoded = (key) => decodeURIComponent(key.replace(/\\+/g, ' '));
`;

/** Reads each object of S3's own events. */
export const READER = handler(
  'for (const { s3: { bucket, object } } of event.Records) await read(bucket.name, decoded(object.key));',
  SDK,
);
/** The same, with the key as the event encodes it. */
export const RAW_READER = handler(
  'for (const { s3: { bucket, object } } of event.Records) await read(bucket.name, object.key);',
  SDK,
);
/** For EventBridge. */
export const BUS_READER = handler('await read(event.detail.bucket.name, event.detail.object.key);', SDK);
export const BUS_DECODER = handler(
  'await read(event.detail.bucket.name, decoded(event.detail.object.key));',
  SDK,
);

/** Replaces what the execution role may beside writing its log. */
export async function allow({ iam }: TestClients, ...Statement: readonly object[]): Promise<void> {
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'thumbs-role',
      PolicyName: 'work',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
}

export const READS = { Effect: 'Allow', Action: 's3:GetObject', Resource: `${BUCKET_ARN}/*` };
export const LISTS = { Effect: 'Allow', Action: 's3:ListBucket', Resource: BUCKET_ARN };

/** S3 -> a function that reads the objects, and may. */
export async function readingFunction(clients: TestClients, code: FunctionCode = READER): Promise<void> {
  await directFunction(clients, code);
  await allow(clients, READS, LISTS);
}

export async function deploy({ lambda }: TestClients, { Code }: FunctionCode): Promise<void> {
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'thumbs', ...Code }));
}

export async function configure(
  { lambda }: TestClients,
  settings: Omit<UpdateFunctionConfigurationCommandInput, 'FunctionName'>,
): Promise<void> {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'thumbs', ...settings }));
}

/** Resolves when the function has done with it. */
export async function upload(
  sandbox: TestSandbox,
  Key = 'in/a.jpg',
  over: Partial<PutObjectCommandInput> = {},
): Promise<void> {
  await sandbox.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x', ...over }));
  await sandbox.idle();
}
