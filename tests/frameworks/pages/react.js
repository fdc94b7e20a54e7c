// A page in React. It is told what to show by `show(kind, props)`, and shows nothing until then.
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import * as pickers from 'bowerbird/react';

const Page = () => {
  const [[kind, props], set] = useState([]);
  window.show = (...next) => set(next);
  return kind ? h(pickers[kind], props, kind === 'PickerInline' ? h('section', { className: 'mine' }) : undefined) : null;
};
createRoot(document.body.appendChild(document.createElement('div'))).render(h(StrictMode, null, h(Page)));
