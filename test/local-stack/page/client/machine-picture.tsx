import { useEffect, useRef } from 'preact/hooks';
import type { Breakpoint, MachineView } from '../model.ts';
import { SHAPES, type Shown, WORDS } from './marks.tsx';

const SVG = 'http://www.w3.org/2000/svg';

export interface PictureProps {
  readonly machine: MachineView;
  /** How the states stand in the execution that is shown, if one is. */
  readonly shown: ReadonlyMap<string, Shown> | undefined;
  readonly breakpoints: readonly Breakpoint[];
  readonly chosen: string | undefined;
  readonly choose: (state: string) => void;
}

/** The picture of the documents, each of its states a button. */
export const MachinePicture = (props: PictureProps) => {
  const { machine } = props;
  const frame = useRef<HTMLDivElement>(null);
  const choose = useRef(props.choose);
  choose.current = props.choose;
  useEffect(() => {
    const picture = new DOMParser().parseFromString(machine.svg, 'image/svg+xml').documentElement;
    picture.setAttribute('role', 'group');
    frame.current?.replaceChildren(picture);
    for (const [name, state] of statesIn(picture)) makeButton(state, () => choose.current(name));
  }, [machine]);
  useEffect(() => {
    for (const [name, state] of statesIn(frame.current)) show(name, state, props);
  }, [machine, props.shown, props.breakpoints, props.chosen]);
  useEffect(() => keepInSight(frame.current), [active(props.shown)]);
  return <div ref={frame} class="picture" data-machine={machine.name} />;
};

/** The state that an execution is in. */
const active = (shown: PictureProps['shown']): string | undefined =>
  [...(shown ?? [])].findLast(([, how]) => how === 'running' || how === 'held' || how === 'retrying')?.[0];

const statesIn = (picture: Element | null): [string, SVGGElement][] =>
  [...(picture?.querySelectorAll('g') ?? [])]
    .filter((group) => !group.classList.contains('badge'))
    .map((group) => [group.querySelector('text')?.textContent ?? '', group]);

const makeButton = (state: SVGGElement, choose: () => void): void => {
  state.setAttribute('tabindex', '0');
  state.setAttribute('role', 'button');
  state.classList.add('state');
  state.addEventListener('click', choose);
  state.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose();
  });
};

const show = (name: string, state: SVGGElement, { shown, breakpoints, chosen }: PictureProps): void => {
  const how = shown?.get(name);
  const moments = breakpoints.filter((each) => each.state === name).map(({ moment }) => moment);
  const words = [name, ...(how ? [WORDS[how]] : []), ...moments.map((moment) => `breakpoint ${moment}`)];
  state.setAttribute('aria-label', words.join(', '));
  state.setAttribute('aria-pressed', String(chosen === name));
  state.dataset.shown = how ?? (shown ? 'unseen' : '');
  for (const badge of state.querySelectorAll('.badge')) badge.remove();
  const { x, y, width, height } = state.getBBox();
  if (how) state.append(badge(SHAPES[how], how, x + width - 9, y));
  if (moments.includes('before')) state.append(badge(DOT, 'breakpoint', x, y));
  if (moments.includes('after')) state.append(badge(DOT, 'breakpoint', x, y + height));
};

const DOT = 'M6 2.5 a3.5 3.5 0 1 0 0.01 0 z';

/** Around a corner of the state's box. */
const badge = (shape: string, kind: string, x: number, y: number): SVGGElement => {
  const group = document.createElementNS(SVG, 'g');
  group.setAttribute('class', `badge ${kind}`);
  group.setAttribute('transform', `translate(${x - 7} ${y - 7})`);
  const circle = document.createElementNS(SVG, 'circle');
  for (const [name, value] of [
    ['cx', '7'],
    ['cy', '7'],
    ['r', '8.5'],
  ] as const)
    circle.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', shape);
  path.setAttribute('transform', 'translate(1 1)');
  group.append(circle, path);
  return group;
};

/** Moves the picture within its frame, and leaves the page where it is. */
const keepInSight = (frame: HTMLDivElement | null): void => {
  const state = frame?.querySelector('[data-shown="held"], [data-shown="running"], [data-shown="retrying"]');
  if (!frame || !state) return;
  const [inner, outer] = [state.getBoundingClientRect(), frame.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) frame.scrollTop += inner.top - outer.top - 80;
  if (inner.left < outer.left || inner.right > outer.right) frame.scrollLeft += inner.left - outer.left - 40;
};
