/**
 * What a target is sent: the event, a part of it, a constant, or a template filled from it
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
 */
import type { InputTransformer, Target } from '@aws-sdk/client-eventbridge';
import { eventTime, type EventBridgeEvent } from '../../delivery/eventbridge-event.ts';
import { readPath } from './json-path.ts';

/** An event on its way, with all that the predefined variables of a template name. */
export interface Dispatch {
  readonly event: EventBridgeEvent;
  /** The event's JSON. */
  readonly json: string;
  readonly ruleArn: string;
  readonly ruleName: string;
  /** Milliseconds since the epoch: when the bus received it. */
  readonly receivedAt: number;
  /** It came from another bus, and goes to no third one. */
  readonly isForwarded: boolean;
}

export type TargetInput =
  | { readonly ok: true; readonly text: string }
  /** The filled template is no JSON. */
  | { readonly ok: false; readonly reason: string };

const PREDEFINED: ReadonlySet<string> = new Set([
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event',
  'aws.events.event.ingestion-time',
  'aws.events.event.json',
]);

const PLACEHOLDER = /<([A-Za-z0-9_.-]+)>/;

export function targetInput(target: Target, dispatch: Dispatch): TargetInput {
  if (target.Input !== undefined) return { ok: true, text: target.Input };
  if (target.InputTransformer) return fill(target.InputTransformer, dispatch);
  if (target.InputPath === undefined || target.InputPath === '$') return { ok: true, text: dispatch.json };
  // UNKNOWN what AWS sends when the path finds nothing.
  return { ok: true, text: JSON.stringify(readPath(dispatch.event, target.InputPath) ?? null) };
}

/** A placeholder of the template that neither the paths nor AWS define. */
export function undefinedPlaceholder({ InputPathsMap, InputTemplate }: InputTransformer): string | undefined {
  const names = (InputTemplate ?? '').matchAll(new RegExp(PLACEHOLDER, 'g'));
  for (const [, name = ''] of names) {
    if (!PREDEFINED.has(name) && !Object.hasOwn(InputPathsMap ?? {}, name)) return name;
  }
  return undefined;
}

function fill({ InputPathsMap = {}, InputTemplate = '' }: InputTransformer, dispatch: Dispatch): TargetInput {
  const known = new Map<string, unknown>();
  const valueOf = (name: string): unknown => {
    if (!known.has(name)) {
      const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
      known.set(name, path === undefined ? predefined(name, dispatch) : readPath(dispatch.event, path));
    }
    return known.get(name);
  };
  const text = replacePlaceholders(InputTemplate, valueOf);
  // A text in quotation marks is sent as it is, marks included (recorded); what is neither text nor JSON is UNKNOWN.
  if (!/^\s*[{[<]/.test(InputTemplate)) return { ok: true, text };
  try {
    // "The JSON that is passed to the target is minified".
    return { ok: true, text: JSON.stringify(JSON.parse(text)) };
  } catch {
    return { ok: false, reason: 'The filled InputTemplate is not valid JSON' };
  }
}

/** Within quotation marks a text is put in as it is, unescaped (as documented); elsewhere any value as JSON. */
function replacePlaceholders(template: string, valueOf: (name: string) => unknown): string {
  const parts = /\\.|"|<([A-Za-z0-9_.-]+)>/gs;
  let isQuoted = false;
  return template.replace(parts, (part, name: string | undefined) => {
    if (part === '"') isQuoted = !isQuoted;
    if (name === undefined) return part;
    const value = valueOf(name);
    // A path that finds nothing leaves an empty text (recorded).
    if (value === undefined) return isQuoted ? '' : '""';
    return isQuoted && typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function predefined(name: string, { event, ruleArn, ruleName, receivedAt }: Dispatch): unknown {
  switch (name) {
    case 'aws.events.rule-arn':
      return ruleArn;
    case 'aws.events.rule-name':
      return ruleName;
    case 'aws.events.event.ingestion-time':
      return eventTime(receivedAt);
    case 'aws.events.event.json':
      return event;
    case 'aws.events.event': {
      // Without the detail, in this order and with this name for detail-type (recorded).
      const { id, account, 'detail-type': detailType, time, source, region, resources, version } = event;
      return { id, account, detailType, time, source, region, resources, version };
    }
    default:
      return undefined;
  }
}
