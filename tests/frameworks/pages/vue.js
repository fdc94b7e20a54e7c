// A page in Vue. It is told what to show by `show(kind, props)`, and shows nothing until then.
import { createApp, h, shallowRef } from 'vue';
import * as pickers from 'bowerbird/vue';

const shown = shallowRef([]);
window.show = (...next) => shown.value = next;
createApp({ render: () => shown.value[0] && h(pickers[shown.value[0]], { class: 'mine', ...shown.value[1] }) }).mount(document.body.appendChild(document.createElement('div')));
