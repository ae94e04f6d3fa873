/**
 * A function's page, in JupyterLab's main area.
 */
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { IDeletion } from '../api/types';
import { PageContext } from '../components/page/pageContext';
import { PageView } from '../components/page/pageView';
import { DeletionView } from '../components/page/deletionView';
import { type IServices, ServicesContext } from '../context';
import { functionsIcon } from '../icons';
import type { Catalogue } from '../models/catalogue';
import { FunctionPage } from '../models/page';
import { Tries } from '../models/tries';

/** The page of the function `name`. */
export function functionWidget(
  name: string,
  catalogue: Catalogue,
  services: IServices
): MainAreaWidget {
  const content = new FunctionContent(name, catalogue, services);
  const widget = new MainAreaWidget({ content });
  widget.id = `jupyter-faas-function-${name}`;
  widget.title.label = name;
  widget.title.icon = functionsIcon;
  widget.title.closable = true;
  return widget;
}

class FunctionContent extends ReactWidget {
  constructor(
    name: string,
    private readonly catalogue: Catalogue,
    private readonly services: IServices
  ) {
    super();
    this.addClass('jp-faas-function');
    this.page = new FunctionPage(name, catalogue.requests);
    this.tries = new Tries(name, catalogue.requests);
  }

  override dispose(): void {
    this.tries.stop();
    this.page.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ServicesContext.Provider value={this.services}>
        <PageContext.Provider value={this.page}>
          <PageView page={this.page} tries={this.tries} remove={() => this.remove()} />
        </PageContext.Provider>
      </ServicesContext.Provider>
    );
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this.page.watch();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    void this.page.watch();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    void this.page.rest();
  }

  private async remove(): Promise<void> {
    const { trans, confirm, fail } = this.services;
    const { name, requests } = this.page;
    let going: IDeletion;
    try {
      going = await requests.deletion(name);
    } catch (error) {
      fail(trans.__('%1 was not deleted', name), error);
      return;
    }
    const sure = await confirm(
      trans.__('Delete %1?', name),
      <ServicesContext.Provider value={this.services}>
        <DeletionView name={name} going={going} />
      </ServicesContext.Provider>,
      trans.__('Delete')
    );
    if (!sure) {
      return;
    }
    try {
      await this.catalogue.remove(name);
      this.parent?.dispose();
    } catch (error) {
      fail(trans.__('%1 was not deleted', name), error);
    }
  }

  private readonly page: FunctionPage;
  private readonly tries: Tries;
}
