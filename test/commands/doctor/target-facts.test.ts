import { expect, test } from 'vitest';
import { SERVICES } from '../../../src/aws/endpoints.ts';
import type { Target } from '../../../src/aws/target.ts';
import { targetFacts } from '../../../src/commands/doctor-question.ts';

const LOCAL = 'http://127.0.0.1:4566';
const AWS = 'https://s3.us-east-1.amazonaws.com';
const VPC = 'https://bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com';
const DUAL_STACK_CHINA = 'https://s3.cn-north-1.api.amazonwebservices.com.cn';

const sourced = (value: string) => ({ value, source: 'environment', name: 'AWS_ENDPOINT_URL' }) as const;

function factsOf(general: string | undefined, services: Readonly<Record<string, string>> = {}) {
  const target: Target = {
    profile: undefined,
    region: { value: 'eu-west-1', source: 'default', name: 'default' },
    endpointUrl: general === undefined ? undefined : sourced(general),
    serviceEndpoints: Object.fromEntries(Object.entries(services).map(([id, url]) => [id, sourced(url)])),
    sandbox: false,
  };
  const { endpointUrl, strayEndpoints } = targetFacts(target);
  return { endpointUrl, strayEndpoints };
}

const all = (url: string) => Object.fromEntries(SERVICES.map((service) => [service, url]));

test.each([
  ['AWS itself', factsOf(undefined), undefined, undefined],
  ["AWS's own endpoints", factsOf(undefined, { S3: VPC, KMS: DUAL_STACK_CHINA }), undefined, undefined],
  ['one custom endpoint', factsOf(LOCAL), LOCAL, undefined],
  ['custom endpoints, each with its own', factsOf(undefined, all(LOCAL)), LOCAL, undefined],
  ['two custom endpoints', factsOf(LOCAL, { S3: 'http://127.0.0.1:9000' }), LOCAL, undefined],
  ['a custom endpoint, and S3 of AWS', factsOf(LOCAL, { S3: AWS }), LOCAL, ['S3']],
  ['AWS, and S3 elsewhere', factsOf(AWS, { S3: LOCAL }), LOCAL, ['S3']],
])('%s', (_, found, endpointUrl, strayEndpoints) => {
  expect(found).toEqual({ endpointUrl, strayEndpoints });
});
