import type { DemoItem, DemoResult } from '../../commands/demo.ts';
import type { ShownItem, ViewOptions } from '../view-options.ts';
import { viewTestUpload } from './test-upload.ts';

/** Steps are talk: the progress on stderr has shown them already. */
export function viewDemoItem(item: DemoItem, options: ViewOptions): ShownItem {
  if (item.type === 'step') return {};
  const { type: _, ...upload } = item;
  return { stdout: viewTestUpload({ status: 'ok', removed: false, doctor: null, ...upload }, options) };
}

export function viewDemo(result: DemoResult, { theme, plain }: ViewOptions): readonly string[] {
  if (plain || result.status !== 'ok') return [];
  return ['', `That was a local AWS, and it is gone. Set up your own:  ${theme.accent('s3evt init')}`];
}
