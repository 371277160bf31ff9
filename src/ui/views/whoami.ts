import type { WhoamiResult } from '../../commands/whoami.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { folded, tableOrStack } from './parts.ts';

const COLUMNS = [{ header: '' }, { header: '' }, { header: 'FROM' }];

export function viewWhoami(result: WhoamiResult, options: ViewOptions): readonly string[] {
  const { theme, plain } = options;
  const rows: string[][] = [
    ['account', result.account, 'the credentials'],
    ['caller', result.arn, 'the credentials'],
    ['region', result.region.value, origin(result.region)],
    result.profile ? ['profile', result.profile.value, origin(result.profile)] : ['profile', '(none)', ''],
    result.endpointUrl
      ? ['endpoint', result.endpointUrl.value, origin(result.endpointUrl)]
      : ['endpoint', 'AWS', ''],
    ...Object.entries(result.serviceEndpoints).map(([service, endpoint]) => [
      `endpoint ${service}`,
      endpoint.value,
      origin(endpoint),
    ]),
    ['project file', result.projectFile ?? '(none)', ''],
  ];
  const lines = tableOrStack(rows, COLUMNS, options, () =>
    rows.flatMap(([what = '', value = '', from = '']) => [
      ...folded(`${what}: ${sanitize(value)}`, 0, options),
      ...(from === '' ? [] : folded(`from ${sanitize(from)}`, 4, options)),
    ]),
  );
  if (plain || result.sandbox || result.endpointUrl === null) return lines;
  return [...lines, '', theme.warn(`Calls go to ${sanitize(result.endpointUrl.value)}, not to AWS.`)];
}

function origin({ source, name }: { readonly source: string; readonly name: string }): string {
  return name === '' || name === source ? source : `${source}: ${name}`;
}
