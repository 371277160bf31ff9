import { cut } from '../../doctor/words.ts';
import { parseArn } from '../../arn.ts';
import { didYouMean } from '../../did-you-mean.ts';
import { EVENT_NAMES, eventCovers } from '../../event-name.ts';
import { MAX_FILTER_VALUE_BYTES } from '../../key-filter.ts';
import type { ConfigurationElement, NotificationDocument } from '../../notification.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';

interface Fault {
  readonly ruleId?: string;
  readonly field: string;
  readonly value: string;
  /** A clause after "the new configuration is one that S3 refuses: ". */
  readonly what: string;
  readonly way: string;
  /** AWS's answer to it is not known. */
  readonly isDoubtful?: boolean;
}

const MAX_RULES = 100;
const MAX_ID = 255;

const LISTS = [
  ['LambdaFunctionConfigurations', 'LambdaFunctionArn', 'lambda'],
  ['QueueConfigurations', 'QueueArn', 'sqs'],
  ['TopicConfigurations', 'TopicArn', 'sns'],
] as const;

/**
 * What S3 finds wrong with a document by looking at nothing else, but for what has a check of its own (rules that overlap, FIFO, another
 * Region). The live configuration stays as it is.
 */
export const putRejected: Check = {
  id: 'put-rejected',
  reads: [],
  judge(look) {
    const { question } = look.facts;
    if (question.intended === undefined) return [];
    return faultsOf(question.intended).map((fault) => ({
      id: 'put-rejected',
      verdict: fault.isDoubtful === true ? 'suspected' : 'broken',
      severity: 'BREAK',
      subject: fault.ruleId === undefined ? 'the new configuration' : `rule "${cut(fault.ruleId)}"`,
      ruleIds: fault.ruleId === undefined ? [] : [fault.ruleId],
      message: `the new configuration is one that S3 ${fault.isDoubtful === true ? 'may refuse' : 'refuses'}: ${fault.what}`,
      evidence: [{ call: 'intended configuration', field: fault.field, value: cut(fault.value) }],
      fix: tell(fault.way),
    }));
  },
};

function faultsOf(document: NotificationDocument): readonly Fault[] {
  const elements = LISTS.flatMap(([list, member, service]) =>
    (document[list] ?? []).map((element) => ({ element, member, service, arn: element[member] })),
  );
  return [
    ...tooMany(elements.length),
    ...sameIds(elements.map(({ element }) => element.Id ?? '')),
    ...elements.flatMap(({ element, member, service, arn }) => [
      ...(arn === undefined || arn === ''
        ? [noMember(element, member)]
        : arnFaults(element, member, service, arn)),
      ...eventFaults(element),
      ...filterFaults(element),
    ]),
  ];
}

function tooMany(count: number): readonly Fault[] {
  if (count <= MAX_RULES) return [];
  return [
    {
      field: 'rules',
      value: String(count),
      what: `it has ${count} rules, and ${MAX_RULES} are allowed`,
      way: 'Let one rule send to a topic or to EventBridge, which serve any number.',
    },
  ];
}

/** Ids are unique across the three lists. */
function sameIds(ids: readonly string[]): readonly Fault[] {
  const twice = [...new Set(ids.filter((id, index) => id !== '' && ids.indexOf(id) !== index))];
  const long = ids.filter((id) => id.length > MAX_ID);
  return [
    ...twice.map((id) => ({
      ruleId: id,
      field: 'Id',
      value: id,
      what: `several rules have the id "${cut(id)}"`,
      way: 'Give each rule an id of its own.',
    })),
    ...long.map((id) => ({
      ruleId: id,
      field: 'Id',
      value: `${id.length} characters`,
      what: `an id has ${id.length} characters, and ${MAX_ID} are allowed`,
      way: 'Give the rule a shorter id.',
    })),
  ];
}

function noMember({ Id = '' }: ConfigurationElement, member: string): Fault {
  return {
    ruleId: Id,
    field: member,
    value: 'absent',
    what: `rule "${cut(Id)}" has no ${member}`,
    way: `Give the rule its ${member}.`,
  };
}

function arnFaults(
  { Id = '' }: ConfigurationElement,
  field: string,
  service: string,
  arn: string,
): readonly Fault[] {
  const fault = (what: string, way: string): readonly Fault[] => [
    { ruleId: Id, field, value: arn, what, way },
  ];
  const parsed = parseArn(arn);
  if (parsed?.service !== service || parsed.account === '' || parsed.region === '') {
    return fault(`"${cut(arn)}" is no ARN for ${field}`, 'Write the whole ARN, as its service shows it.');
  }
  return [];
}

function eventFaults({ Id = '', Events = [] }: ConfigurationElement): readonly Fault[] {
  const first = Events[0];
  if (first === undefined) return [noMember({ Id }, 'Events')];
  const known: readonly string[] = EVENT_NAMES;
  const unknown = Events.filter((event) => !known.includes(event)).map((event): Fault => {
    const meant = didYouMean(event, known) ?? didYouMean(`s3:${event}`, known);
    return {
      ruleId: Id,
      field: 'Events',
      value: event,
      what: `S3 has no event "${cut(event)}"`,
      way: meant === undefined ? 'Use one of the event names of S3.' : `"${meant}" is meant, perhaps.`,
      // AWS adds events.
      isDoubtful: meant === undefined && event.startsWith('s3:'),
    };
  });
  const covered = Events.find((event, index) =>
    Events.some((other, at) => at !== index && other !== event && eventCovers(other, event)),
  );
  const twice = covered ?? Events.find((event, index) => Events.indexOf(event) !== index);
  if (twice === undefined) return unknown;
  return [
    ...unknown,
    {
      ruleId: Id,
      field: 'Events',
      value: Events.join(', '),
      what: `rule "${cut(Id)}" lists ${twice} twice, by itself or within a family`,
      way: `Leave ${twice} out where its family is listed.`,
      // What AWS says to that is UNKNOWN.
      isDoubtful: true,
    },
  ];
}

function filterFaults({ Id = '', Filter }: ConfigurationElement): readonly Fault[] {
  const rules = Filter?.Key?.FilterRules ?? [];
  const names = rules.map(({ Name = '' }) => Name.toLowerCase());
  const fault = (field: string, value: string, what: string, way: string): Fault => ({
    ruleId: Id,
    field: `FilterRule.${field}`,
    value,
    what,
    way,
  });
  return [
    ...rules.flatMap(({ Name = '', Value }, index) => {
      const name = names[index] ?? '';
      if (name !== 'prefix' && name !== 'suffix') {
        return [fault('Name', Name, `a filter rule is named "${cut(Name)}"`, 'Name it prefix or suffix.')];
      }
      if (Value === undefined) {
        return [
          fault('Value', 'absent', `the ${name} of rule "${cut(Id)}" has no value`, 'Give it a value.'),
        ];
      }
      const bytes = bytesOf(Value);
      return bytes > MAX_FILTER_VALUE_BYTES
        ? [
            fault(
              'Value',
              `${bytes} bytes`,
              `the ${name} of rule "${cut(Id)}" has ${bytes} bytes, and ${MAX_FILTER_VALUE_BYTES} are allowed`,
              'Use a shorter value.',
            ),
          ]
        : [];
    }),
    ...(['prefix', 'suffix'] as const)
      .filter((name) => names.filter((one) => one === name).length > 1)
      .map((name) =>
        fault(
          'Name',
          name,
          `rule "${cut(Id)}" has more than one ${name}`,
          'Make a rule of its own for each of them.',
        ),
      ),
  ];
}

/** In UTF-8. */
function bytesOf(text: string): number {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(/%[0-9A-F]{2}/g, '.').length;
}
