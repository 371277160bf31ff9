import {
  FilterLogEventsCommand,
  GetQueryResultsCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { filtered, written } from './log-groups.ts';
import { refused } from './refused.ts';
import { eventually } from './target.ts';

const clock = createJumpingClock();
const HOUR = 3_600_000;
const ID = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';

const LINES = [
  'ERROR one',
  'WARN two',
  'OTHER three',
  'error four',
  `START RequestId: ${ID} Version: $LATEST\n`,
  '{"level":"ERROR","n":4,"user":"ann-1","void":null,"yes":true,"list":[{"k":"v"}]}',
  '{"level":"INFO","n":3}',
  '10.0.0.1 ann GET 404 12',
  '10.0.0.2 bob GET 200 7',
  'done (well)',
];
const [ERROR, WARN, OTHER, LOWER, START, JSON_ERROR, JSON_INFO, NOT_FOUND, FOUND, DONE] = LINES;

const group = shared(async (t: Target) => {
  const made = await written(t, LINES);
  await filtered(t, { logGroupName: made.name }, LINES.length);
  return made;
});

function finds(
  id: string,
  expectation: string,
  pattern: string,
  expected: readonly (string | undefined)[],
): Fact {
  return {
    id: `6.8-${id}`,
    source: 'AWS-doc',
    expectation: `${expectation}: ${pattern}`,
    async run(t) {
      const { name } = await group(t);
      const events = await filtered(t, { logGroupName: name, filterPattern: pattern }, expected.length);
      expect(events.map(({ message }) => message)).toEqual(expected);
    },
  };
}

const filter = async (t: Target, filterPattern: string) =>
  t.logs.send(new FilterLogEventsCommand({ logGroupName: (await group(t)).name, filterPattern }));

const INVALID = { status: 400, code: 'InvalidParameterException' };
const refuses = (id: string, expectation: string, pattern: string): Fact =>
  refused(
    { id: `6.8-${id}`, source: 'AWS-doc', expectation: `${expectation}: ${pattern}` },
    (t) => filter(t, pattern),
    INVALID,
  );

const patterns: readonly Fact[] = [
  finds('case', 'a term has the case that it has', 'ERROR', [ERROR, JSON_ERROR]),
  finds('and', 'terms are joined by and', 'ERROR one', [ERROR]),
  finds('quoted', 'other characters stand in quotes', `"RequestId: ${ID}"`, [START]),
  finds('request-id', 'an invocation is found by its quoted request id', `"${ID}"`, [START]),
  refuses('unquoted', 'without quotes they are refused', 'RequestId:'),
  finds('exclude', 'a minus excludes', 'ERROR -one', [JSON_ERROR]),
  finds('all', 'two quotes match everything', '""', LINES),
  finds('space', 'a quoted space too', '" "', LINES),
  finds('or', 'question marks are or', '?ERROR ?WARN', [ERROR, WARN, JSON_ERROR]),
  finds('or-and-term', 'beside a term they are ignored', '?ERROR ?WARN OTHER', [OTHER]),
  finds('regex', 'percent signs hold a regular expression', '%[Ee]rror%', [LOWER]),
  finds('regex-classes', 'with its classes', String.raw`%\d\d\d \d%`, [NOT_FOUND, FOUND]),
  finds('regex-anchors', 'anchors and bars', '%^WARN|three$%', [WARN, OTHER]),
  finds('regex-symbols', 'and symbols', String.raw`%10\.0\.0\.1|d: \d%`, [START, NOT_FOUND]),
  refuses('regex-parentheses', 'there are no parentheses', '%(well)%'),
  refuses('regex-exclamation', 'and no exclamation marks', '%well!%'),
  refuses('regex-three', 'there are at most two in a pattern', '%a% %b% %c%'),
  finds('json-equal', 'a member is compared with a text', '{ $.level = "ERROR" }', [JSON_ERROR]),
  finds('json-and', 'and joins comparisons', '{ $.level = "ERROR" && $.n > 3 }', [JSON_ERROR]),
  finds('json-or', 'or joins comparisons', '{ $.n = 3 || $.n >= 4 }', [JSON_ERROR, JSON_INFO]),
  finds('json-not-equal', 'a member differs', '{ $.level != "ERROR" }', [JSON_INFO]),
  finds('json-less', 'a number is less', '{ $.n < 4 && $.n <= 3 }', [JSON_INFO]),
  finds('json-wildcard', 'a star stands for any text', '{ $.user = "ann*" }', [JSON_ERROR]),
  finds('json-null', 'a member is null', '{ $.void IS NULL }', [JSON_ERROR]),
  finds('json-true', 'a member is true', '{ $.yes IS TRUE }', [JSON_ERROR]),
  finds('json-not-exists', 'a member does not exist', '{ $.user NOT EXISTS }', [JSON_INFO]),
  finds('json-any', 'one wildcard selects in a list', '{ $.list[*].k = "v" }', [JSON_ERROR]),
  finds('columns', 'columns are compared', '[ip, user, method, status=4*, ms]', [NOT_FOUND]),
  finds('columns-rest', 'three dots stand for any number of columns', '[ip, user, ..., status=2*, ms]', [
    FOUND,
  ]),
  finds('plain-parentheses', 'quotes take parentheses', '"(well)"', [DONE]),
];

const infrequent = shared((t: Target) => written(t, ['one'], 'INFREQUENT_ACCESS'));

const classes: readonly Fact[] = [
  refused(
    {
      id: '6.9-infrequent-filter',
      source: 'second-hand',
      expectation: 'an infrequent-access group is not filtered',
    },
    async (t) => t.logs.send(new FilterLogEventsCommand({ logGroupName: (await infrequent(t)).name })),
    async (t) => ({
      status: 400,
      code: 'InvalidOperationException',
      message: `The log group ${(await infrequent(t)).name} is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class.`,
    }),
  ),
  {
    id: '6.9-infrequent-insights',
    source: 'AWS-doc',
    expectation: 'Insights reads an infrequent-access group',
    async run(t) {
      const { name, start } = await infrequent(t);
      await eventually(async () => {
        const { queryId } = await t.logs.send(
          new StartQueryCommand({
            logGroupName: name,
            startTime: Math.floor(start / 1_000),
            endTime: Math.floor(start / 1_000) + 60,
            queryString: 'fields @message',
          }),
        );
        await eventually(async () => {
          const { results } = await t.logs.send(new GetQueryResultsCommand({ queryId }));
          expect(results?.[0]?.[0]).toEqual({ field: '@message', value: 'one' });
        });
      });
    },
  },
  refused(
    { id: '6.9-delivery-insights', source: 'AWS-doc', expectation: 'Insights reads no delivery group' },
    async (t) => {
      const { name, start } = await written(t, ['one'], 'DELIVERY');
      const startTime = Math.floor(start / 1_000);
      return t.logs.send(
        new StartQueryCommand({
          logGroupName: name,
          startTime,
          endTime: startTime + 60,
          queryString: 'fields @message',
        }),
      );
    },
    { status: 400 },
  ),
  {
    id: '6.9-delivery-day',
    source: 'AWS-doc',
    expectation: 'a delivery group keeps its events for one day',
    needs: 'time that passes',
    async run(t) {
      const { name } = await written(t, ['one'], 'DELIVERY');
      expect(await filtered(t, { logGroupName: name }, 1)).toHaveLength(1);
      clock.jump(25 * HOUR);
      expect(await filtered(t, { logGroupName: name }, 0)).toEqual([]);
    },
  },
];

describeFacts('6 patterns and classes', [...patterns, ...classes], { clock });
