/**
 * The line of a cell that a traceback names, found in the notebooks that are open.
 */
import { CodeCell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { IFrame } from '../api/types';

/** A cell, and the line of its source that is meant, from 0. */
export interface IPlace {
  readonly panel: NotebookPanel;
  readonly index: number;
  readonly line: number;
}

/** Where a frame's line stands now: in the cell with that number if it still says so, else wherever it is. */
export function placeOf(
  notebooks: INotebookTracker,
  notebook: string | null,
  frame: IFrame
): IPlace | null {
  const places = panelsOf(notebooks, notebook).flatMap(panel => placesIn(panel, frame));
  return places.sort((a, b) => b.score - a.score)[0] ?? null;
}

/** Show it: the notebook in front, the cell active, the line selected. */
export function showPlace(place: IPlace, activate: (panel: NotebookPanel) => void): void {
  const { panel, index, line } = place;
  activate(panel);
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  const cell = panel.content.widgets[index]!;
  void panel.content.scrollToItem(index).then(() => {
    cell.inputHidden = false;
    panel.content.mode = 'edit';
    cell.editor?.setCursorPosition({ line, column: 0 });
    cell.editor?.revealPosition({ line, column: 0 });
  });
}

/** The open notebooks, those of that name first. */
function panelsOf(
  notebooks: INotebookTracker,
  notebook: string | null
): readonly NotebookPanel[] {
  const all: NotebookPanel[] = [];
  notebooks.forEach(panel => all.push(panel));
  const named = all.filter(panel => PathExt.basename(panel.context.path) === notebook);
  return named.length ? named : all;
}

type Scored = IPlace & { readonly score: number };

function placesIn(panel: NotebookPanel, frame: IFrame): Scored[] {
  const text = frame.text.trim();
  return panel.content.widgets.flatMap((cell, index) => {
    if (!(cell instanceof CodeCell)) {
      return [];
    }
    const lines = cell.model.sharedModel.getSource().split('\n');
    const numbered = `In[${cell.model.executionCount}]` === frame.cell;
    const meant = (frame.cell_line ?? 0) - 1;
    const same = lines[meant]?.trim() === text;
    const line = same ? meant : lines.findIndex(each => each.trim() === text);
    if (!text || line < 0) {
      return [];
    }
    const score = (numbered ? 2 : 0) + (same ? 1 : 0);
    return [{ panel, index, line, score }];
  });
}
