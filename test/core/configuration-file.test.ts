import { describe, expect, test } from 'vitest';
import { documentAsWritten, parseConfigurationFile } from '../../src/core/configuration-file.ts';
import { rulesOf } from '../../src/core/notification.ts';
import { seededRandom } from './seeded-random.ts';

const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:resize';
const DOCUMENT = {
  LambdaFunctionConfigurations: [
    {
      Id: 'images',
      LambdaFunctionArn: FUNCTION,
      Events: ['s3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'in/' }] } },
    },
  ],
  QueueConfigurations: [
    { Id: 'jobs', QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:jobs', Events: ['s3:ObjectRemoved:*'] },
  ],
  EventBridgeConfiguration: {},
};
const REPORT = {
  bucket: 'photos',
  rules: [
    {
      id: 'images',
      events: ['s3:ObjectCreated:*'],
      prefix: 'in/',
      suffix: null,
      destination: { kind: 'lambda', arn: FUNCTION },
      owner: 's3evt',
    },
  ],
  eventBridge: false,
};

describe('what is read', () => {
  test("AWS's own document", () => {
    expect(parseConfigurationFile(JSON.stringify(DOCUMENT))).toEqual({
      ok: true,
      file: { rules: rulesOf(DOCUMENT), eventBridge: true, bucket: undefined },
    });
  });

  test.each([
    ['the data of ls --json', REPORT],
    ['its envelope', { schemaVersion: 1, command: 'ls', status: 'ok', data: REPORT, error: null }],
  ])('%s', (_name, json) => {
    const rule = { id: 'images', events: ['s3:ObjectCreated:*'], filter: { prefix: 'in/' } };
    expect(parseConfigurationFile(JSON.stringify(json))).toEqual({
      ok: true,
      file: {
        rules: [{ ...rule, destination: { kind: 'lambda', arn: FUNCTION } }],
        eventBridge: false,
        bucket: 'photos',
      },
    });
  });

  test('an empty document has no rules, and says that EventBridge is off only when it is a document', () => {
    expect(parseConfigurationFile('{}')).toEqual({
      ok: true,
      file: { rules: [], eventBridge: undefined, bucket: undefined },
    });
  });

  test('an event that AWS added since is kept', () => {
    const text = JSON.stringify(DOCUMENT).replace('s3:ObjectRemoved:*', 's3:ObjectQuarantined:Scan');
    expect(parseConfigurationFile(text)).toMatchObject({ ok: true });
  });
});

describe('what is refused, and where', () => {
  const report = (change: object) => JSON.stringify({ rules: [{ ...REPORT.rules[0], ...change }] });
  test.each([
    ['', /^not JSON: /],
    ['[]', /^the file must be a JSON object$/],
    ['{"hello":1}', /neither "rules"/],
    ['{"rules":{}}', /^"rules" must be a list$/],
    ['{"rules":[1]}', /^rules\[0\] must be a JSON object$/],
    [report({ id: '' }), /^rules\[0\]\.id must be a text that is not empty$/],
    [report({ events: [] }), /^rules\[0\]\.events must be a list of events$/],
    [
      report({ events: ['s3:ObjectCreatd:*'] }),
      /^rules\[0\]\.events\[0\]: S3 has no event "s3:ObjectCreatd:\*"; did you mean s3:ObjectCreated:\*\?$/,
    ],
    [report({ events: ['put'] }), /^rules\[0\]\.events\[0\]: S3 has no event "put"/],
    [report({ prefix: 1 }), /^rules\[0\]\.prefix must be a text$/],
    [report({ suffix: 'x'.repeat(1025) }), /^rules\[0\]\.suffix is longer than 1024 bytes$/],
    [report({ destination: { arn: 'photos' } }), /^rules\[0\]\.destination\.arn: "photos" is no ARN/],
    [JSON.stringify({ rules: [REPORT.rules[0], REPORT.rules[0]] }), /^two rules have the id "images"$/],
    [JSON.stringify({ ...REPORT, eventBridge: 'yes' }), /^"eventBridge" must be true or false$/],
    ['{"QueueConfigurations":{}}', /^"QueueConfigurations" must be a list$/],
    ['{"QueueConfigurations":[{"Events":[]}]}', /^QueueConfigurations\[0\]\.Id must be/],
    [JSON.stringify(DOCUMENT).replace('Prefix', 'Infix'), /FilterRules\[0\]\.Name must be prefix or suffix$/],
  ])('%s', (text, problem) => {
    expect(parseConfigurationFile(text)).toEqual({
      ok: false,
      problem: expect.stringMatching(problem) as string,
    });
  });

  test('never throws, whatever is in the file', () => {
    const random = seededRandom(11);
    const texts = [JSON.stringify(DOCUMENT), JSON.stringify(REPORT)];
    for (let i = 0; i < 3_000; i++) {
      const text = random.pick(texts);
      const at = random.below(text.length);
      const cut =
        text.slice(0, at) +
        random.pick(['', 'null', '{}', '[]', '"', '1', ',']) +
        text.slice(at + random.below(6));
      expect(parseConfigurationFile(cut)).toHaveProperty('ok');
    }
  });
});

describe('a document as it is written', () => {
  const element = { Id: 'a', QueueArn: 'jobs', Events: ['s3:Nonsense:*'] };
  const infix = { Filter: { Key: { FilterRules: [{ Name: 'infix' }] } } };

  test.each([
    ['with what S3 refuses', { QueueConfigurations: [{ ...element, ...infix }, element] }],
    ['without ids', { LambdaFunctionConfigurations: [{ Events: [] }], EventBridgeConfiguration: {} }],
  ])('comes through %s', (_, document) => {
    expect(documentAsWritten(JSON.stringify(document))).toEqual(document);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', 'null'],
    ['what ls prints', JSON.stringify(REPORT)],
    ['no list', '{"QueueConfigurations":{}}'],
    ['no element', '{"QueueConfigurations":[null]}'],
    ['an id that is no text', '{"QueueConfigurations":[{"Id":1}]}'],
    ['events that are no list', '{"QueueConfigurations":[{"Events":"s3:ObjectCreated:*"}]}'],
    ['an event that is no text', '{"QueueConfigurations":[{"Events":[1]}]}'],
    ['a filter that is none', '{"QueueConfigurations":[{"Filter":1}]}'],
    ['a key that is none', '{"QueueConfigurations":[{"Filter":{"Key":[]}}]}'],
    ['a filter rule that is none', '{"QueueConfigurations":[{"Filter":{"Key":{"FilterRules":[1]}}}]}'],
  ])('is none: %s', (_, text) => {
    expect(documentAsWritten(text)).toBeUndefined();
  });
});
