// `bowerbird/vue`: components for Vue 3. On a server they draw the place and load nothing.
import { defineComponent, h, mergeProps, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue';
import { keyOf, mount } from './mount.js';

const component = (name, displayMode, style) => defineComponent({
  name,
  // Listeners are not declared, so they are among the attributes, where they can be asked for an answer.
  inheritAttrs: false,
  props: { apikey: { type: String, required: true }, url: String, clientOptions: Object, options: Object, pickerOptions: Object },
  setup(props, { attrs }) {
    const place = shallowRef();
    let close;
    const open = () => {
      close?.();
      close = mount(displayMode, place.value, () => ({ ...props, ...attrs }));
    };
    onMounted(open);
    watch(() => keyOf(props), open);
    onBeforeUnmount(() => close());
    const others = () => Object.fromEntries(Object.entries(attrs).filter(([name]) => !name.startsWith('on')));
    return () => style ? h('div', mergeProps({ ref: place, style }, others())) : null;
  },
});

export const PickerOverlay = component('PickerOverlay', 'overlay');
export const PickerInline = component('PickerInline', 'inline', { height: '500px' });
export const PickerDropPane = component('PickerDropPane', 'dropPane', {});
