/** `mergeAgain`: a planned change of rules, made of what another writer left meanwhile. */
import { describe, expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { mergeAgain, mergeRules } from '../../src/core/merge-rules.ts';
import { withoutRule, withRule, type NotificationDocument, type Rule } from '../../src/core/notification.ts';

const rule = (id: string, prefix: string, changed: Partial<Rule> = {}): Rule => ({
  id,
  destination: { kind: 'sqs', arn: 'arn:aws:sqs:us-east-1:000000000000:jobs' },
  events: ['s3:ObjectCreated:*'],
  filter: { prefix },
  ...changed,
});

const THEIRS = rule('theirs', 'in/');
const OURS = rule('ours', 'out/');
const OTHER = rule('other', 'tmp/');
const document = (...rules: readonly Rule[]) => rules.reduce<NotificationDocument>(withRule, {});

/** What the write of those rules leaves when `fresh` stands there instead of `before`. */
function again(
  fresh: NotificationDocument,
  before: NotificationDocument,
  rules: readonly Rule[],
  ours: readonly string[] = [],
  changed: Partial<{ after: NotificationDocument }> = {},
): NotificationDocument {
  const owned = new Set(ours);
  const { document: after, settled } = mergeRules(before, rules, owned);
  return mergeAgain(fresh, { before, after, ...changed }, { bucket: 'photos', rules: settled, ours: owned });
}

function refusal(...call: Parameters<typeof again>): S3evtError {
  try {
    again(...call);
  } catch (error) {
    if (error instanceof S3evtError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the change is made again', () => {
  test('beside a rule that somebody added', () => {
    expect(again(document(THEIRS, OTHER), document(THEIRS), [OURS])).toEqual(document(THEIRS, OTHER, OURS));
  });

  test('without a rule of theirs that somebody removed', () => {
    expect(again({}, document(THEIRS), [OURS])).toEqual(document(OURS));
  });

  test('with members that s3evt does not know', () => {
    const fresh = { ...document(THEIRS), EventBridgeConfiguration: {}, Later: 1 };
    expect(again(fresh, document(THEIRS), [OURS])).toEqual({ ...fresh, ...document(THEIRS, OURS) });
  });

  test('in place of our own rule of that id', () => {
    const changed = rule('ours', 'new/');
    const fresh = document(OURS, OTHER);
    expect(again(fresh, document(OURS), [changed], ['ours'])).toEqual(document(changed, OTHER));
  });

  test('beside a rule that serves already', () => {
    const twin = { ...OURS, id: 'twin' };
    const fresh = document(twin, OTHER);
    expect(again(fresh, document(twin), [OURS, rule('more', 'more/')])).toEqual(
      document(twin, OTHER, rule('more', 'more/')),
    );
  });

  test('for EventBridge alone', () => {
    const on = { EventBridgeConfiguration: {} };
    expect(again(document(THEIRS), {}, [], [], { after: on })).toEqual({ ...document(THEIRS), ...on });
  });
});

describe('nothing is written, and running it again is the way', () => {
  const changed = rule('ours', 'new/');
  const twin = { ...OURS, id: 'twin' };
  const on = { EventBridgeConfiguration: {} };

  test.each<[string, Parameters<typeof again>]>([
    ['the very same rule stands there by now', [document(OURS), {}, [OURS]]],
    ['or the same under another id', [document(twin), {}, [OURS]]],
    ['our rule that is to be replaced is gone', [{}, document(OURS), [changed], ['ours']]],
    ['or was changed', [document(rule('ours', 'their/')), document(OURS), [changed], ['ours']]],
    ['another rule of ours is gone', [{}, document(OTHER), [OURS], ['other']]],
    ['a rule that serves already is gone', [{}, document(twin), [OURS, rule('more', 'more/')]]],
    ['the plan removes rules', [document(OTHER), document(THEIRS), [OURS], [], { after: document(OURS) }]],
    ['EventBridge is on by now', [{ ...document(THEIRS), ...on }, {}, [], [], { after: on }]],
  ])('when %s', (_name, call) => {
    expect(refusal(...call)).toMatchObject({
      code: 'CONFIGURATION_CHANGED',
      message: 'the notification configuration of photos changed meanwhile; nothing was written',
      hint: expect.stringContaining('Run the same command again') as string,
    });
  });
});

describe('nothing is written, and what stands in the way is named', () => {
  const full = Array.from({ length: 100 }, (_, index) => rule(`rule-${index}`, `p${index}/`));

  test.each<[string, NotificationDocument, string, string | undefined]>([
    [
      'a rule that overlaps',
      document(rule('all', 'out/a/')),
      'rule "ours" (out/*) and rule "all" (out/a/*)',
      '"ours"',
    ],
    ['a rule of the same id', document(rule('ours', 'their/')), 'another rule "ours" already', '--id NAME'],
    ['no room for one more', document(...full), 'AWS allows 100', 'Fan out'],
  ])('%s', (_name, fresh, message, hint) => {
    const error = refusal(fresh, {}, [OURS]);
    expect(error).toMatchObject({ code: 'CONFIGURATION_CHANGED', exitCode: 5 });
    expect(error.message).toContain(
      'the notification configuration of photos changed meanwhile; nothing was written: ',
    );
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    if (message.startsWith('rule')) expect(error.commands[0]).toMatch(/^s3evt add photos --queue /);
  });
});

test('what is left of a planned change is never less than what stands there', () => {
  const fresh = { ...document(THEIRS, OTHER), EventBridgeConfiguration: {} };
  expect(withoutRule(again(fresh, {}, [OURS]), 'ours')).toEqual(fresh);
});
