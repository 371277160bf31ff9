import type {
  SandboxEnvResult,
  SandboxResetResult,
  SandboxStartItem,
  SandboxStartResult,
  SandboxStatusResult,
  SandboxStopResult,
} from '../../commands/sandbox.ts';
import { sanitize, sanitizeBlock } from '../sanitize.ts';
import type { ShownItem, ViewOptions } from '../view-options.ts';

export function viewSandboxItem(item: SandboxStartItem, { theme }: ViewOptions): ShownItem {
  if (item.type === 'fault') return { stderr: sanitizeBlock(item.message).split('\n') };
  return {
    stdout: [
      `${theme.good(theme.symbols.done)} local AWS ready at ${theme.strong(item.endpoint)}  account ${item.account}, ${item.region}`,
    ],
    stderr: ['Use it with --sandbox, or in another shell: eval "$(s3evt sandbox env)". Ctrl-C ends it.'],
  };
}

export function viewSandboxStart(result: SandboxStartResult, { theme }: ViewOptions): readonly string[] {
  if (result.state !== 'background' && result.state !== 'already-running') return [];
  const how = result.state === 'background' ? 'started in the background' : 'runs already';
  return [`${theme.good(theme.symbols.done)} local AWS ${how} at ${theme.strong(result.endpoint)}`];
}

export function viewSandboxStop(result: SandboxStopResult): readonly string[] {
  return [
    result.stopped ? `Stopped the local AWS at ${result.stopped.endpoint}.` : 'No local AWS was running.',
  ];
}

export function viewSandboxStatus(result: SandboxStatusResult): readonly string[] {
  if (!result.running) return ['No local AWS is running. Start one: s3evt sandbox start --detach'];
  return [
    `Running at ${result.endpoint}, account ${result.account}, ${result.region}, process ${result.pid}, since ${sanitize(result.startedAt)}`,
  ];
}

export function viewSandboxReset(result: SandboxResetResult): readonly string[] {
  return [`The local AWS at ${result.endpoint} is empty again.`];
}

/** To be evaluated by a shell: nothing but its lines. */
export function viewSandboxEnv(result: SandboxEnvResult): readonly string[] {
  return result.lines;
}
