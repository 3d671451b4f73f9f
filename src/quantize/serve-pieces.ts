import { Channel, Transfer } from '../backend/worker/channel.js'
import type { Port } from '../backend/worker/port.js'
import { Dequantizer, type LoadKernels } from './dequantizer.js'
import { convertPiece, type Piece } from './piece.js'

/** The name of the requests. */
export const CONVERT = 'convert'

/** Serves pieces over a port: each request is a `Piece`, and its reply are the bytes in the new format. */
export function servePieces(port: Port, loadKernels: LoadKernels): void {
  const dequantizer = new Dequantizer(loadKernels)
  new Channel(port).handle(CONVERT, async (piece: Piece) => {
    const bytes = await convertPiece(piece, dequantizer)
    return new Transfer(bytes, [bytes.buffer])
  })
}
