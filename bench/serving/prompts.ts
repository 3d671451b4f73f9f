/** Prompts of the measurements of speculation. */

/** A file in which an edit changes a few lines. */
const CODE = `class ShoppingCart {
  constructor(customer) {
    this.customer = customer;
    this.items = [];
  }

  addItem(name, price, quantity) {
    if (quantity <= 0) {
      throw new Error('quantity must be positive');
    }
    this.items.push({ name: name, price: price, quantity: quantity });
  }

  removeItem(name) {
    this.items = this.items.filter((item) => item.name !== name);
  }

  totalPrice() {
    let total = 0;
    for (const item of this.items) {
      total += item.price * item.quantity;
    }
    return total;
  }

  printReceipt() {
    console.log('Receipt for ' + this.customer);
    for (const item of this.items) {
      console.log(item.name + ' x ' + item.quantity + ' = ' + item.price * item.quantity);
    }
    console.log('Total: ' + this.totalPrice());
  }
}
`

const RENAMED = CODE.replaceAll('item', 'entry').replaceAll('Item', 'Entry')

/** What is written, and the prompt for it. */
export interface SpeculationPrompt {
  readonly name: string
  readonly text: string
}

/** Two versions of a file, of which a third is written: most of it is in the prompt. */
export const CODE_EDIT: SpeculationPrompt = {
  name: 'code edit',
  text: `The file cart.js:\n\n${CODE}\nThe file cart.js after the variables were renamed:\n\n${RENAMED}\nThe file cart.js after the error message was changed:\n\n`,
}

/** A request for an edit, in the template of TinyLlama's chats. */
export const CODE_REQUEST: SpeculationPrompt = {
  name: 'code edit, as a chat',
  text: `<|user|>\nRename the method totalPrice to sum. Write the whole file again:\n\n\`\`\`js\n${CODE}\`\`\`</s>\n<|assistant|>\n`,
}

/** A text that repeats little. */
export const STORY: SpeculationPrompt = {
  name: 'story',
  text: '<|user|>\nWrite a long story about a lighthouse keeper who finds a map.</s>\n<|assistant|>\n',
}

export const SPECULATION_PROMPTS = [CODE_EDIT, CODE_REQUEST, STORY] as const
