import { type BarChart, barChart } from './bar-chart.ts';
import type { Rated, Results } from './results.ts';

const WARM_AND_COLD = ['warm', 'cold'];

/** The pictures of a run, by their file names. */
export const chartsOf = (results: Results): Map<string, string> =>
  new Map([
    ['seconds.svg', barChart(seconds(results))],
    ['outage.svg', barChart(outage(results))],
    ['sizes.svg', barChart(sizes(results))],
  ]);

const seconds = ({ rotations, rounds }: Results): BarChart => ({
  title: 'A whole rotation, in times of its floor',
  unit: `median of ${rounds}; the floor: the four steps and nothing else, one warm process`,
  series: WARM_AND_COLD,
  groups: rotations.map(({ strategy, way, warm, cold }) => ({
    name: `${strategy}, ${way}`,
    bars: bothBars(warm, cold, ({ timesFloor }) => timesFloor),
  })),
});

const outage = ({ rotations, rounds }: Results): BarChart => ({
  title: 'How long AWSCURRENT does not log in, in times of its floor',
  unit: `median of ${rounds}; none for a pair`,
  series: WARM_AND_COLD,
  groups: rotations.map(({ strategy, way, warm, cold }) => ({
    name: `${strategy}, ${way}`,
    bars: bothBars(warm, cold, ({ outageTimesFloor }) => outageTimesFloor ?? 0),
  })),
});

const bothBars = (warm: Rated, cold: Rated, ratioOf: (rated: Rated) => number) =>
  [warm, cold].map((rated, series) => ({
    series,
    value: ratioOf(rated),
    label: rated.failures === 0 && ratioOf(rated) === 0 ? 'none' : `× ${ratioOf(rated).toFixed(1)}`,
  }));

const sizes = ({ functions }: Results): BarChart => ({
  title: 'The bundle of each function',
  unit: 'kilobytes, all that is loaded at a start',
  series: ['size'],
  groups: functions.map(({ name, kilobytes }) => ({
    name,
    bars: [{ series: 0, value: kilobytes, label: kilobytes.toFixed(0) }],
  })),
});
