    loop $for-loop|1
     local.get $5
     local.get $7
     i32.lt_s
     if
      local.get $0
      local.get $5
      local.get $9
      i32.mul
      i32.add
      local.get $10
      local.get $11
      local.get $1
      local.get $4
      local.get $2
      local.get $5
      i32.const 2
      i32.shl
      i32.add
      local.get $7
      i32.const 2
      i32.shl
      local.get $3
      i32.const 1
      i32.sub
      local.get $5
      i32.sub
      local.get $7
      i32.div_s
      i32.const 1
      i32.add
      call $assembly/formats/q8_0/Q8_0#dot8
      local.get $5
      local.get $8
      i32.add
      local.set $5
      br $for-loop|1
     end
    end

   loop $for-loop|0
    local.get $3
    local.get $4
    i32.lt_u
    if
     local.get $3
     v128.load offset=16
     local.tee $17
     local.get $0
     v128.load offset=18
     i32.const 1080
     v128.load32_splat
     local.tee $18
     v128.xor
     local.get $3
     v128.load
     local.tee $19
     local.get $0
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $20
     local.get $17
     local.get $5
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $5
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $21
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $20
     local.get $21
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $20
     local.get $17
     local.get $6
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $6
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $21
     local.get $17
     local.get $7
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $7
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $22
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $21
     local.get $22
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $21
     i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
     local.get $20
     local.get $21
     i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
     i32x4.add
     local.get $16
     i32.load
     i32.const 7
     i32.shl
     i32x4.splat
     local.tee $20
     i32x4.sub
     f32x4.convert_i32x4_s
     local.get $2
     v128.load32_splat
     local.tee $21
     f32x4.mul
     local.get $7
     local.get $6
     local.get $5
     local.get $0
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     v128.load16_lane 1
     v128.load16_lane 3
     v128.load16_lane 5
     v128.load16_lane 7
     i32.const 3
     i32x4.shr_s
     i32.const 1088
     v128.load32_splat
     local.tee $22
     v128.and
     i32.const 1092
     v128.load32_splat
     local.tee $23
     f32x4.mul
     local.get $11
     f32x4.relaxed_madd
     local.set $11
     local.get $0
     i32.const 34
     i32.add
     local.set $0
     local.get $5
     i32.const 34
     i32.add
     local.set $5
     local.get $6
     i32.const 34
     i32.add
     local.set $6
     local.get $7
     i32.const 34
     i32.add
     local.set $7
     local.get $17
     local.get $12
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $12
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $24
     local.get $17
     local.get $13
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $13
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $25
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $24
     local.get $25
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $24
     local.get $17
     local.get $14
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $14
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $25
     local.get $17
     local.get $1
     v128.load offset=18
     local.get $18
     v128.xor
     local.get $19
     local.get $1
     v128.load offset=2
     local.get $18
     v128.xor
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     i32x4.relaxed_dot_i8x16_i7x16_add_s
     local.tee $17
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $25
     local.get $17
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $17
     i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
     local.get $24
     local.get $17
     i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
     i32x4.add
     local.get $20
     i32x4.sub
     f32x4.convert_i32x4_s
     local.get $21
     f32x4.mul
     local.get $1
     local.get $14
     local.get $13
     local.get $12
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     v128.load16_lane 1
     v128.load16_lane 3
     v128.load16_lane 5
     v128.load16_lane 7
     i32.const 3
     i32x4.shr_s
     local.get $22
     v128.and
     local.get $23
     f32x4.mul
     local.get $15
     f32x4.relaxed_madd
     local.set $15
     local.get $12
     i32.const 34
     i32.add
     local.set $12
     local.get $13
     i32.const 34
     i32.add
     local.set $13
     local.get $14
     i32.const 34
     i32.add
     local.set $14
     local.get $1
     i32.const 34
     i32.add
     local.set $1
     local.get $3
     i32.const 32
     i32.add
     local.set $3
     local.get $2
     i32.const 4
     i32.add
     local.set $2
     local.get $16
     i32.const 4
     i32.add
     local.set $16
     br $for-loop|0
    end
   end

   loop $for-loop|1
    local.get $3
    local.get $4
    i32.lt_u
    if
     local.get $0
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $3
     v128.load
     local.tee $17
     i32x4.dot_i16x8_s
     local.get $0
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $3
     v128.load offset=16
     local.tee $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $0
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $3
     v128.load offset=32
     local.tee $19
     i32x4.dot_i16x8_s
     local.get $0
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $3
     v128.load offset=48
     local.tee $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $21
     local.get $12
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $12
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $12
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $12
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $22
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $21
     local.get $22
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $21
     local.get $13
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $13
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $13
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $13
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $22
     local.get $14
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $14
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $14
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $14
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $23
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $22
     local.get $23
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $22
     i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
     local.get $21
     local.get $22
     i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
     i32x4.add
     f32x4.convert_i32x4_s
     local.get $2
     v128.load32_splat
     local.tee $21
     f32x4.mul
     local.get $14
     local.get $13
     local.get $12
     local.get $0
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     v128.load16_lane 1
     v128.load16_lane 3
     v128.load16_lane 5
     v128.load16_lane 7
     i32.const 3
     i32x4.shr_s
     i32.const 1088
     v128.load32_splat
     local.tee $22
     v128.and
     i32.const 1092
     v128.load32_splat
     local.tee $23
     f32x4.mul
     local.get $11
     f32x4.relaxed_madd
     local.set $11
     local.get $0
     i32.const 34
     i32.add
     local.set $0
     local.get $12
     i32.const 34
     i32.add
     local.set $12
     local.get $13
     i32.const 34
     i32.add
     local.set $13
     local.get $14
     i32.const 34
     i32.add
     local.set $14
     local.get $8
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $8
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $8
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $8
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $24
     local.get $9
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $9
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $9
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $9
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $25
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $24
     local.get $25
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $24
     local.get $10
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $10
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $10
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $10
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $25
     local.get $1
     i32.const 2
     i32.add
     v128.load8x8_s align=1
     local.get $17
     i32x4.dot_i16x8_s
     local.get $1
     i32.const 10
     i32.add
     v128.load8x8_s align=1
     local.get $18
     i32x4.dot_i16x8_s
     i32x4.add
     local.get $1
     i32.const 18
     i32.add
     v128.load8x8_s align=1
     local.get $19
     i32x4.dot_i16x8_s
     local.get $1
     i32.const 26
     i32.add
     v128.load8x8_s align=1
     local.get $20
     i32x4.dot_i16x8_s
     i32x4.add
     i32x4.add
     local.tee $17
     i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
     local.get $25
     local.get $17
     i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
     i32x4.add
     local.tee $17
     i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
     local.get $24
     local.get $17
     i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
     i32x4.add
     f32x4.convert_i32x4_s
     local.get $21
     f32x4.mul
     local.get $1
     local.get $10
     local.get $9
     local.get $8
     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
     v128.load16_lane 1
     v128.load16_lane 3
     v128.load16_lane 5
     v128.load16_lane 7
     i32.const 3
     i32x4.shr_s
     local.get $22
     v128.and
     local.get $23
     f32x4.mul
     local.get $15
     f32x4.relaxed_madd
     local.set $15
     local.get $8
     i32.const 34
     i32.add
     local.set $8
     local.get $9
     i32.const 34
     i32.add
     local.set $9
     local.get $10
     i32.const 34
     i32.add
     local.set $10
     local.get $1
     i32.const 34
     i32.add
     local.set $1
     local.get $3
     i32.const -64
     i32.sub
     local.set $3
     local.get $2
     i32.const 4
     i32.add
     local.set $2
     br $for-loop|1
    end
   end
