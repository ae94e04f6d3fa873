/**
 * Publishing a cell from the notebook: run it, show its receipt, publish.
 */
import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { OutputArea } from '@jupyterlab/outputarea';
import React from 'react';

import { ReceiptView } from '../components/receiptView';
import { type IServices, ServicesContext } from '../context';
import { annotated, annotationOf, wordsOf } from '../models/annotation';
import { type IReceiptAnswer, publishCode, receiptFor } from '../models/publishing';

/** Publish `cell`, if its receipt is accepted; true if it was sent to be published. */
export async function publishCell(
  panel: NotebookPanel,
  cell: CodeCell,
  services: IServices
): Promise<boolean> {
  const { trans, fail } = services;
  const { body, options } = annotationOf(cell.model.sharedModel.getSource());
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  try {
    if (!kernel) {
      throw new Error(trans.__('This notebook has no kernel. Choose one first.'));
    }
    if (!(await run(panel, cell, body))) {
      return false; // the cell shows why
    }
    const answer = await receiptFor(kernel, body, checked(wordsOf(options)));
    const chosen = await ask(answer, options, services);
    if (chosen === null) {
      return false;
    }
    cell.model.sharedModel.setSource(annotated(body, chosen));
    await run(panel, cell, publishCode(body, checked(wordsOf(chosen))), false);
    return true;
  } catch (error) {
    fail(trans.__('This cell can not be published'), error);
    return false;
  }
}

/** Have the kernel run `code`, with what it writes below the cell; whether it did without an error. */
async function run(
  panel: NotebookPanel,
  cell: CodeCell,
  code: string,
  history: boolean = true
): Promise<boolean> {
  const metadata = {
    deletedCells: panel.context.model.deletedCells,
    recordTiming: false
  };
  cell.outputHidden = false;
  cell.model.clearExecution();
  const reply = await OutputArea.execute(code, cell.outputArea, panel.sessionContext, {
    ...metadata,
    cellId: cell.model.sharedModel.getId()
  });
  if (history) {
    cell.model.executionCount = reply?.content.execution_count ?? null;
  }
  return reply?.content.status === 'ok';
}

async function ask(
  answer: IReceiptAnswer,
  options: string,
  services: IServices
): Promise<string | null> {
  const { trans } = services;
  const body = new ReceiptBody(answer, options, services);
  const dialog = new Dialog({
    title: trans.__('Publish %1', answer.receipt.function),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Publish') })]
  });
  dialog.addClass('jp-faas-dialog');
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}

class ReceiptBody extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private readonly answer: IReceiptAnswer,
    private options: string,
    private readonly services: IServices
  ) {
    super();
  }

  getValue(): string {
    return this.options;
  }

  protected override render(): JSX.Element {
    return (
      <ServicesContext.Provider value={this.services}>
        <ReceiptView
          answer={this.answer}
          options={this.options}
          change={options => {
            this.options = options;
            this.update();
          }}
        />
      </ServicesContext.Provider>
    );
  }
}

function checked(words: string[] | null): string[] {
  if (words === null) {
    throw new Error('A quote is not closed in the options of %%publish.');
  }
  return words;
}
