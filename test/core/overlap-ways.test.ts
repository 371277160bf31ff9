import { expect, test } from 'vitest';
import { overlapError } from '../../src/core/merge-rules.ts';
import { overlapOf, type Destination, type Rule } from '../../src/core/notification.ts';

const PLACE = { bucket: 'photos', flags: { aws: ['--region', 'eu-west-1'], s3evt: ['--sandbox'] } };
const at = (service: string, name: string) => `arn:aws:${service}:eu-west-1:111122223333:${name}`;
const QUEUE: Destination = { kind: 'sqs', arn: at('sqs', 'jobs') };
const FUNCTION: Destination = { kind: 'lambda', arn: at('lambda', 'function:thumbs:live') };
const TOPIC: Destination = { kind: 'sns', arn: at('sns', 'news') };

function rule(
  id: string,
  destination: Destination,
  events: readonly string[],
  prefix = '',
  suffix = '',
): Rule {
  return { id, destination, events, filter: { prefix, suffix } };
}

function refusal(a: Rule, b: Rule) {
  const overlap = overlapOf(a, b);
  if (!overlap) throw new Error('they do not overlap');
  return overlapError([overlap], PLACE);
}

const CREATE = ['s3:ObjectCreated:*'];

test('events: those that the other rule leaves', () => {
  const { message, hint, commands, code } = refusal(
    rule('new', QUEUE, CREATE),
    rule('old', FUNCTION, ['s3:ObjectCreated:Put', 's3:ObjectCreated:Post'], 'in/', '.jpg'),
  );
  expect(code).toBe('RULES_OVERLAP');
  expect(message).toBe(
    'rule "new" (*) and rule "old" (in/*.jpg) of the bucket would both take s3:ObjectCreated:Put, s3:ObjectCreated:Post ' +
      'of a key such as "in/example.jpg"; S3 allows one of them',
  );
  const left = '--event s3:ObjectCreated:Copy --event s3:ObjectCreated:CompleteMultipartUpload';
  expect(hint).toContain(
    `Narrow "new", for example with ${left}; or fan out through SNS: a topic such as photos-events in place of "old"`,
  );
  expect(commands).toEqual([
    `s3evt add photos --queue ${QUEUE.arn} ${left} --id new --sandbox`,
    `s3evt init photos --destination eventbridge --event-rule new --event 's3:ObjectCreated:*' --target ${QUEUE.arn} --sandbox`,
  ]);
});

test.each([
  ['a prefix beside the other', rule('old', QUEUE, CREATE, 'in/'), '', '--prefix other/'],
  ['one that is not the very example', rule('old', QUEUE, CREATE, 'other/'), '', '--prefix new/'],
  ['a prefix further in', rule('old', QUEUE, CREATE, 'a/b/'), 'a/', '--prefix a/other/'],
  ['a suffix', rule('old', QUEUE, CREATE, '', '.jpg'), '', '--suffix .other'],
])('keys: %s', (_name, other, prefix, flags) => {
  const { hint, commands } = refusal(rule('new', FUNCTION, CREATE, prefix), other);
  expect(hint).toContain(`Narrow "new", for example with ${flags};`);
  expect(commands[0]).toContain(` ${flags} --id new`);
});

test('nothing is left beside a rule that takes everything: no command pretends so', () => {
  const { hint, commands } = refusal(rule('new', FUNCTION, CREATE, 'in/'), rule('old', QUEUE, CREATE));
  expect(hint).toContain('Nothing of "new" is left beside "old", so narrow that one instead');
  expect(commands).toHaveLength(1);
});

test('a topic that is there already needs one subscription more', () => {
  const { hint, commands } = refusal(rule('new', QUEUE, CREATE), rule('old', TOPIC, CREATE));
  expect(hint).toContain(
    '"old" sends to one, to which queue jobs can subscribe once its policy admits sns.amazonaws.com',
  );
  expect(commands[0]).toBe(
    `aws sns subscribe --topic-arn ${TOPIC.arn} --protocol sqs --notification-endpoint ${QUEUE.arn} --region eu-west-1`,
  );
});
