import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Login } from '../model.ts';

const WINDOW_SECONDS = 60;
const HEIGHT = 130;

type Rows = [number[], (number | null)[], (number | null)[]];

const rowsOf = (logins: readonly Login[]): Rows => [
  logins.map(({ at }) => at / 1000),
  logins.map(({ accepted, milliseconds }) => (accepted ? milliseconds : null)),
  logins.map(({ accepted }) => (accepted ? null : 0)),
];

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);

const optionsOf = (width: number): uPlot.Options => ({
  width,
  height: HEIGHT,
  legend: { show: false },
  cursor: { show: false },
  scales: { y: { range: (_chart, _low, high) => [-10, Math.max(50, high ?? 50)] } },
  axes: [
    { stroke: colour('--ink'), grid: { stroke: colour('--edge') } },
    {
      stroke: colour('--ink'),
      grid: { stroke: colour('--edge') },
      values: (_chart, all) => all.map((each) => `${each} ms`),
      size: 70,
    },
  ],
  series: [
    {},
    { stroke: colour('--done'), width: 1.5, points: { show: false } },
    // Bars from below: another shape, not just another colour.
    {
      stroke: colour('--failed'),
      fill: colour('--failed'),
      width: 0,
      paths: () => null,
      points: { show: true, size: 9, fill: colour('--failed') },
    },
  ],
});

/** How long each login of the client took, and below the line those that failed: the outage window. */
export const LoginChart = ({ logins }: { logins: readonly Login[] }) => {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const drawn = new uPlot(optionsOf(element.clientWidth), [[], [], []], element);
    chart.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
    };
  }, []);
  useEffect(() => {
    chart.current?.setData(rowsOf(logins), false);
    const now = (logins.at(-1)?.at ?? Date.now()) / 1000;
    chart.current?.setScale('x', { min: now - WINDOW_SECONDS, max: now });
  }, [logins]);
  return <div ref={frame} class="chart" role="img" aria-label="Logins of the last minute" />;
};
