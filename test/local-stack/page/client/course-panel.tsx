import type { Course } from '../model.ts';
import * as api from './api.ts';
import { Json } from './json.tsx';
import { Icon, type Shown, shownOf, WORDS } from './marks.tsx';

interface Props {
  readonly course: Course;
  readonly shown: ReadonlyMap<string, Shown>;
  readonly choose: (state: string) => void;
  readonly act: api.Act;
}

/** The execution that is shown: what became of it, and its states in the order that it entered them. */
export const CoursePanel = ({ course, shown, choose, act }: Props) => (
  <section class="card" aria-label="Execution">
    <h2>
      <Icon shown={shownOf(course.status)} /> {course.machine} of {course.secret}{' '}
      <small>{WORDS[shownOf(course.status)]}</small>
    </h2>
    <p class="dim">{course.name}</p>
    {course.status === 'RUNNING' && (
      <button type="button" onClick={() => act(api.stop(course.machine, course.name))}>
        Stop this execution
      </button>
    )}
    {course.error && (
      <p>
        <strong>{course.error}</strong>: {course.cause}
      </p>
    )}
    <ol class="course">
      {course.visits.map(({ state, mark }, index) => {
        const how = index === course.visits.length - 1 && shown.get(state) === 'held' ? 'held' : mark;
        return (
          <li key={index}>
            <button type="button" class="link" onClick={() => choose(state)}>
              <Icon shown={how} /> {state}
            </button>
            {how !== 'done' && <small> {WORDS[how]}</small>}
          </li>
        );
      })}
    </ol>
    <Json label="Output" value={course.output} />
  </section>
);
