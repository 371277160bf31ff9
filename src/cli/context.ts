import { createAws } from '../aws/clients.ts';
import type { Target } from '../aws/target.ts';
import type { Context } from '../commands/context.ts';
import type { Ask } from '../core/ask.ts';
import type { Progress } from '../core/progress.ts';
import { openProject, type Project } from '../project/project-file.ts';
import type { Host } from './host.ts';

/** The flags that every command has. */
export interface GlobalFlags {
  readonly profile?: string;
  readonly region?: string;
  readonly endpointUrl?: string;
  readonly sandbox?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly color: 'auto' | 'always' | 'never';
  /** False with --no-input. */
  readonly input: boolean;
  readonly yes?: boolean;
}

export interface ContextParts<Item> {
  readonly host: Host;
  readonly flags: GlobalFlags;
  readonly ask: Ask;
  readonly signal: AbortSignal;
  readonly emit: (progress: Progress) => void;
  readonly items: (items: readonly Item[]) => Promise<void>;
  readonly debug: ((line: string) => void) | undefined;
}

/** All that a command may touch. Project file and target are read when they are first asked for. */
export function createContext<Item>(parts: ContextParts<Item>): Context<Item> {
  const { host, flags, signal, emit, ask } = parts;
  let opened: Project | undefined;
  const project = () => (opened ??= openProject(host.cwd));
  const { clock, env, cwd, randomHex } = host;
  const target = () => targetOf(host, flags, project(), { signal, emit });
  const askMfa = (device: string) =>
    ask.text({ message: `Code of the MFA device ${device}`, flag: 'AWS_PROFILE of a profile without MFA' });
  const aws = createAws({ target, env, clock, signal, askMfa, debug: parts.debug });
  return {
    aws,
    clock,
    signal,
    cwd,
    env,
    randomHex,
    ask,
    emit,
    item: (item) => parts.items([item]),
    items: parts.items,
    get project() {
      return project();
    },
  };
}

async function targetOf(
  host: Host,
  flags: GlobalFlags,
  project: Project,
  run: { readonly signal: AbortSignal; readonly emit: (progress: Progress) => void },
): Promise<Target> {
  const { resolveTarget, usesSandbox } = await import('../aws/target.ts');
  const where = { flags, env: host.env, project: project.settings };
  if (!usesSandbox(where)) return resolveTarget(where);
  const { startBackground } = await import('../sandbox/background.ts');
  const { backgroundArguments } = await import('../commands/sandbox-arguments.ts');
  const running = await startBackground(host.env, {
    command: [...host.self, ...backgroundArguments({})],
    timeoutMs: 30_000,
    clock: host.clock,
    signal: run.signal,
  });
  if (running.started) {
    run.emit({
      type: 'note',
      text: `Started a local AWS in the background at ${running.endpoint}; it ends by itself after 30 idle minutes, or with "s3evt sandbox stop".`,
    });
  }
  return resolveTarget({ ...where, sandbox: running });
}
