// What the viewer consists of: the bar with its drawers, and the frames.

// Buttons of the bar, in groups: action, words or icon, name for those who hear it.
export const BAR = [
  [["front", "Front"], ["back", "Back"], ["both", "Both"]],
  [["fit", "Fit"], ["width", "Width"], ["actual", "1:1"]],
  [["zoom_out", "", "Zoom out", "o_remove"], ["percent"], ["zoom_in", "", "Zoom in", "o_add"]],
  [["rotate_left", "", "Rotate left", "o_rotate_left"], ["rotate_right", "", "Rotate right", "o_rotate_right"]],
  [["loupe", "", "Loupe", "o_search"], ["adjust", "", "Adjust the image", "o_tune"], ["regions", "", "Go to a part of the check", "o_place"]],
  [["compare", "Compare"]],
  [["fullscreen", "", "Full screen", "o_fullscreen"]],
];

export const SLIDERS = [
  { name: "brightness", words: "Brightness", low: 20, high: 300, step: 5, unit: "%" },
  { name: "contrast", words: "Contrast", low: 20, high: 500, step: 5, unit: "%" },
  { name: "threshold", words: "Threshold", low: 0, high: 255, step: 1, unit: "" },
  { name: "sharpen", words: "Sharpen", low: 0, high: 400, step: 10, unit: "%" },
];

export const WAYS = [["beside", "Beside"], ["blink", "Blink"], ["difference", "Difference"]];

const BUTTON = `
  <button type="button" :data-command="action" :aria-label="name" :title="name" :aria-pressed="pressed(action)" :disabled="disabled(action)" @click="act(action)">
    <q-icon v-if="symbol" class="crc-icon" :name="symbol"/><template v-else>{{ words }}</template>
    <kbd v-if="cap(action)" class="crc-cap" aria-hidden="true">{{ cap(action) }}</kbd>
  </button>`;

const ADJUST = `
  <div v-if="drawer === 'adjust'" class="crc-drawer crc-adjust" role="group" aria-label="Adjust the image">
    <label v-for="slider in sliders" :key="slider.name">{{ slider.words }}
      <input type="range" :min="slider.low" :max="slider.high" :step="slider.step" v-model.number="look[slider.name]" @input="adjust">
      <output>{{ slider.name === 'threshold' && !look.threshold ? 'off' : look[slider.name] + ' ' + slider.unit }}</output></label>
    <button v-for="[action, words] in [['invert', 'Invert'], ['mirror', 'Mirror'], ['flip', 'Flip'], ['boxes', 'Flag boxes']]" :key="action" type="button"
            :data-command="action" :aria-pressed="pressed(action)" @click="act(action)">{{ words }}<kbd v-if="cap(action)" class="crc-cap" aria-hidden="true">{{ cap(action) }}</kbd></button>
    <button type="button" @click="resetLook">Reset</button>
    <span v-if="bitonal" class="crc-drawer-note" role="status">This image is black and white, without greys: only brightness and invert change it.</span>
  </div>`;

const GO_TO = `
  <div v-if="drawer === 'regions'" class="crc-drawer" role="group" aria-label="Go to a part of the check">
    <button v-for="zone in zones" :key="zone.key" type="button" :data-command="'region_' + zone.key" @click="act('region_' + zone.key)">{{ zone.kind === 'zone' ? zone.label : zone.key === 'micr' ? 'MICR line' : zone.label }}<kbd class="crc-cap" aria-hidden="true">{{ cap('region_' + zone.key) }}</kbd></button>
  </div>`;

const COMPARISON = `
  <div v-if="compared" class="crc-drawer crc-comparison" role="group" aria-label="Comparison">
    <button type="button" data-command="compare_previous" aria-label="Compare with the one before" @click="act('compare_previous')"><q-icon class="crc-icon" name="o_chevron_left"/><kbd v-if="cap('compare_previous')" class="crc-cap" aria-hidden="true">{{ cap('compare_previous') }}</kbd></button>
    <span class="crc-compared" role="status"><strong>{{ compared.label }}</strong> {{ compared.note }} <span class="crc-dim">{{ comparing.index + 1 }} of {{ comparisons.length }}</span></span>
    <button type="button" data-command="compare_next" aria-label="Compare with the next one" @click="act('compare_next')"><q-icon class="crc-icon" name="o_chevron_right"/><kbd v-if="cap('compare_next')" class="crc-cap" aria-hidden="true">{{ cap('compare_next') }}</kbd></button>
    <button v-for="[way, words] in ways" :key="way" type="button" :data-command="'compare_' + way" :aria-pressed="comparing.way === way" :disabled="!!compared.zone && way !== 'beside'"
            :title="compared.zone && way !== 'beside' ? 'Only a whole check can be laid over a whole check' : undefined" @click="act('compare_' + way)">{{ words }}<kbd v-if="cap('compare_' + way)" class="crc-cap" aria-hidden="true">{{ cap('compare_' + way) }}</kbd></button>
    <template v-if="comparing.way === 'blink'">
      <button type="button" data-command="compare_swap" @click="act('compare_swap')">Swap<kbd v-if="cap('compare_swap')" class="crc-cap" aria-hidden="true">{{ cap('compare_swap') }}</kbd></button>
      <template v-if="!still">
        <button type="button" :aria-pressed="comparing.running" @click="run(!comparing.running)">By itself</button>
        <label>Every<input type="range" min="400" max="3000" step="100" v-model.number="comparing.pace" @input="setPace"><output>{{ (comparing.pace / 1000).toFixed(1) }} s</output></label>
      </template>
    </template>
    <button v-if="!compared.zone && hasCard" type="button" data-command="compare_card" @click="act('compare_card')">Card<kbd v-if="cap('compare_card')" class="crc-cap" aria-hidden="true">{{ cap('compare_card') }}</kbd></button>
    <button type="button" class="crc-drawer-end" @click="act('compare')">Close<kbd class="crc-cap" aria-hidden="true">Esc</kbd></button>
  </div>`;

const NOTE = `
  <template v-if="lacking(slot)">
    <div v-if="lacking(slot).state === 'loading'" class="crc-viewer-note crc-late" role="status">Loading {{ lacking(slot).name }}…</div>
    <div v-else-if="lacking(slot).state === 'none'" class="crc-viewer-note"><q-icon name="o_hide_image"/><strong>No {{ slot }} image</strong><span>The file brought none for this check.</span></div>
    <div v-else class="crc-viewer-note" role="alert"><q-icon name="o_broken_image"/><strong>{{ lacking(slot).slot === 'other' ? 'The image of ' + lacking(slot).name : 'The ' + slot + ' image' }} cannot be displayed</strong>
      <span v-if="lacking(slot).problem">{{ lacking(slot).problem }}</span>
      <template v-else><span>{{ lacking(slot).slot === 'other' ? 'Try again, or compare with another one.' : 'The file it came in is kept unchanged. Try again, or decide without it as your rules allow.' }}</span><button type="button" @click="fetch(lacking(slot).slot)">Try again</button></template></div>
  </template>`;

const FRAME = `
  <div v-for="slot in visible" :key="slot" class="crc-pane" :data-side="slot" tabindex="0" role="group" :aria-label="frameName(slot)"
       @pointerdown="grab($event, slot)" @pointermove="drag($event, slot)" @pointerup="release" @pointercancel="release"
       @wheel.prevent="wheel($event, slot)" @dblclick="doubleClick($event, slot)" @keydown="panKey($event, slot)" @focus="activate(slot)">
    <div v-show="!lacking(slot)" class="crc-stage"></div>
    <div v-if="slot !== 'other' && !lacking(slot)" v-show="boxes && !(comparing && comparing.way !== 'beside')" class="crc-boxes">
      <div v-for="region in drawn(slot)" :key="region.key" class="crc-box" :data-kind="region.kind" :data-region="region.key" :data-lit="lit === region.key ? '' : undefined">
        <button type="button" class="crc-box-name" @click="chosen(region.key)" @focus="light(region.key)" @blur="light(null)">{{ region.label }}</button></div>
    </div>
    ${NOTE}
    <span v-if="tag(slot)" class="crc-pane-name">{{ tag(slot) }}</span>
  </div>`;

export const TEMPLATE = `
  <section aria-label="Check image" @pointerdown="cameForward" @focusin="cameForward">
    <div class="crc-viewer-bar" role="group" aria-label="Image tools">
      <div v-for="(group, i) in bar" :key="i" class="crc-viewer-group">
        <template v-for="[action, words, name, symbol] in group" :key="action">
          <output v-if="action === 'percent'" class="crc-percent" aria-label="Zoom">100 %</output>
          <template v-else>${BUTTON}</template>
        </template>
      </div>
    </div>
    ${ADJUST}${GO_TO}${COMPARISON}
    <div class="crc-panes" ref="panes" @pointerleave="left">
      ${FRAME}
      <ul v-if="comparing && comparing.way === 'difference'" class="crc-legend" aria-label="Legend">
        <li data-ink="here">only on this check, {{ share('here') }} of the ink</li><li data-ink="there">only on {{ compared.label }}, {{ share('there') }}</li><li data-ink="both">on both</li>
      </ul>
      <canvas v-show="loupe" ref="loupe" class="crc-loupe" aria-hidden="true"></canvas>
      <span class="crc-viewer-said" role="status">{{ said }}</span>
      <span v-if="current.watermark" class="crc-watermark" aria-hidden="true">{{ current.watermark }}</span>
    </div>
  </section>`;
