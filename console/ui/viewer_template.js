// What the viewer consists of: the bar and the frames.

// Buttons of the bar, in groups: action, words or icon, name for those who hear it.
export const BAR = [
  [["front", "Front"], ["back", "Back"], ["both", "Both"]],
  [["fit", "Fit"], ["width", "Width"], ["actual", "1:1"]],
  [["zoom_out", "", "Zoom out", "o_remove"], ["percent"], ["zoom_in", "", "Zoom in", "o_add"]],
  [["rotate_left", "", "Rotate left", "o_rotate_left"], ["rotate_right", "", "Rotate right", "o_rotate_right"]],
  [["invert", "Invert"], ["loupe", "Loupe"], ["adjust", "Adjust"]],
  [["fullscreen", "", "Full screen", "o_fullscreen"]],
];

export const TEMPLATE = `
  <section aria-label="Check image">
    <div class="crc-viewer-bar" role="group" aria-label="Image tools">
      <div v-for="(group, i) in bar" :key="i" class="crc-viewer-group">
        <template v-for="[action, words, name, symbol] in group" :key="action">
          <output v-if="action === 'percent'" class="crc-percent" aria-label="Zoom">{{ percent }} %</output>
          <button v-else type="button" :data-command="action" :aria-label="name" :title="name" :aria-pressed="pressed(action)" @click="act(action)">
            <q-icon v-if="symbol" class="crc-icon" :name="symbol"/><template v-else>{{ words }}</template>
            <kbd v-if="cap(action)" class="crc-cap" aria-hidden="true">{{ cap(action) }}</kbd>
          </button>
        </template>
      </div>
    </div>
    <div v-if="adjusting" class="crc-adjust" role="group" aria-label="Adjust the image">
      <label>Brightness<input type="range" min="20" max="300" step="5" v-model.number="look.brightness" @input="adjust"><output>{{ look.brightness }} %</output></label>
      <label>Contrast<input type="range" min="20" max="500" step="5" v-model.number="look.contrast" @input="adjust"><output>{{ look.contrast }} %</output></label>
      <button v-for="[action, words] in [['mirror', 'Mirror'], ['boxes', 'Flag boxes']]" :key="action" type="button" :data-command="action" :aria-pressed="pressed(action)" @click="act(action)">{{ words }}<kbd class="crc-cap" aria-hidden="true">{{ cap(action) }}</kbd></button>
      <button type="button" @click="resetLook">Reset</button>
    </div>
    <div class="crc-panes" ref="panes" @pointerleave="pointer = null; paintSoon()">
      <div v-for="side in visible" :key="side" class="crc-pane" :data-side="side" tabindex="0" role="group" :aria-label="paneName(side)"
           @pointerdown="grab($event, side)" @pointermove="drag($event, side)" @pointerup="release" @pointercancel="release"
           @wheel.prevent="wheel($event, side)" @dblclick="doubleClick($event, side)" @keydown="panKey($event, side)" @focus="active = side">
        <div v-show="load[side] === 'ready'" class="crc-stage"></div>
        <div v-if="load[side] === 'ready'" v-show="boxes" class="crc-boxes">
          <div v-for="region in drawn(side)" :key="region.key" class="crc-box" :data-kind="region.kind" :data-region="region.key"><span>{{ region.label }}</span></div>
        </div>
        <div v-if="load[side] === 'loading'" class="crc-viewer-note crc-late" role="status">Loading the {{ side }}…</div>
        <div v-else-if="load[side] === 'none'" class="crc-viewer-note"><q-icon name="o_hide_image"/><strong>No {{ side }} image</strong><span>The file brought none for this check.</span></div>
        <div v-else-if="load[side] === 'broken'" class="crc-viewer-note" role="alert"><q-icon name="o_broken_image"/><strong>The {{ side }} image cannot be displayed</strong>
          <span>The file it came in is kept unchanged. Try again, or decide without it as your rules allow.</span><button type="button" @click="retry(side)">Try again</button></div>
        <span v-if="visible.length > 1" class="crc-pane-name">{{ side }}</span>
      </div>
      <canvas v-show="loupe" ref="loupe" class="crc-loupe" aria-hidden="true"></canvas>
      <span v-if="current.watermark" class="crc-watermark" aria-hidden="true">{{ current.watermark }}</span>
    </div>
  </section>`;
