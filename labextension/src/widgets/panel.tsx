/**
 * The sidebar.
 */
import {
  ReactWidget,
  refreshIcon,
  SidePanel,
  ToolbarButton
} from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { CatalogueView } from '../components/catalogueView';
import { type IServices, ServicesContext } from '../context';
import { functionsIcon } from '../icons';
import type { Catalogue } from '../models/catalogue';

/** The functions, in JupyterLab's left area. */
export class FaasPanel extends SidePanel {
  constructor(
    private readonly catalogue: Catalogue,
    services: IServices
  ) {
    super({ translator: undefined });
    const { trans } = services;
    this.id = 'jupyter-faas';
    this.addClass('jp-faas-panel');
    this.title.icon = functionsIcon;
    this.title.caption = trans.__('Functions');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Functions'));
    this.toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: trans.__('Look again'),
        onClick: () => void catalogue.refresh()
      })
    );
    const content = ReactWidget.create(
      <ServicesContext.Provider value={services}>
        <CatalogueView catalogue={catalogue} />
      </ServicesContext.Provider>
    );
    content.title.label = trans.__('Functions');
    content.addClass('jp-faas-catalogue');
    this.addWidget(content);
  }

  /** It asks only while it is seen. */
  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this.catalogue.watch();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    void this.catalogue.rest();
  }
}
