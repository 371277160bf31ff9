import type { FunctionCode } from '@aws-sdk/client-lambda';
import { MAX_ZIPPED_BYTES, readPackage } from '../../lambda/code-package.ts';
import type { CodePackage } from '../../lambda/execution.ts';
import { AwsError } from '../../wire/types.ts';
import { invalidParameter } from './errors.ts';

/** Reads an object for `Code.S3Bucket`/`S3Key`; an object with a code is S3's refusal. */
export type ReadCodeObject = (
  region: string,
  bucket: string,
  key: string,
  versionId: string | undefined,
) => Promise<Uint8Array | { readonly code: string; readonly message: string }>;

const PACKAGE_PROBLEMS = {
  unreadable: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
  empty: 'Uploaded file must be a non-empty zip',
  'too-large-unzipped': 'Unzipped size must be smaller than 262144000 bytes',
} as const;

/** The deployment package of CreateFunction or UpdateFunctionCode, from the request or from S3. */
export async function readCode(
  readCodeObject: ReadCodeObject | undefined,
  region: string,
  code: Pick<FunctionCode, 'ZipFile' | 'S3Bucket' | 'S3Key' | 'S3ObjectVersion' | 'ImageUri'>,
): Promise<CodePackage> {
  if (code.ImageUri !== undefined) {
    throw new AwsError('NotImplemented', 'The sandbox runs zip packages, not container images', {
      status: 501,
    });
  }
  let zip = code.ZipFile;
  if (!zip && code.S3Bucket !== undefined && code.S3Key !== undefined) {
    const missing = { code: 'NoSuchKey', message: 'The specified key does not exist.' };
    const object =
      (await readCodeObject?.(region, code.S3Bucket, code.S3Key, code.S3ObjectVersion)) ?? missing;
    if ('code' in object) {
      throw invalidParameter(
        `Error occurred while GetObject. S3 Error Code: ${object.code}. S3 Error Message: ${object.message}`,
      );
    }
    zip = object;
  }
  if (!zip) throw invalidParameter('Please provide a source for function code.');
  const result = readPackage(zip);
  if (typeof result !== 'string') return result;
  if (result === 'too-large-zipped') {
    throw new AwsError(
      'RequestEntityTooLargeException',
      `Zipped size must be smaller than ${MAX_ZIPPED_BYTES} bytes`,
      { status: 413 },
    );
  }
  throw invalidParameter(PACKAGE_PROBLEMS[result]);
}
