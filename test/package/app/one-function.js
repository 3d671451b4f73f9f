import { cosineSimilarity } from 'dasllama'

console.log(cosineSimilarity([3, 4], [3, 4]))
