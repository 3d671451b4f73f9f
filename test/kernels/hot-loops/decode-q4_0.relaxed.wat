    loop $for-loop|00
     local.get $2
     local.get $6
     i32.lt_u
     if
      local.get $2
      v128.load
      local.tee $22
      local.get $12
      v128.load offset=2
      local.tee $23
      i32.const 1064
      v128.load32_splat
      local.tee $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load offset=16
      local.tee $24
      local.get $23
      i32.const 4
      i16x8.shr_u
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.tee $23
      local.get $22
      local.get $13
      v128.load offset=2
      local.tee $25
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $24
      local.get $25
      i32.const 4
      i16x8.shr_u
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.tee $25
      i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
      local.get $23
      local.get $25
      i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
      i16x8.add
      local.tee $23
      local.get $22
      local.get $14
      v128.load offset=2
      local.tee $25
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $24
      local.get $25
      i32.const 4
      i16x8.shr_u
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.tee $25
      local.get $22
      local.get $15
      v128.load offset=2
      local.tee $22
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $24
      local.get $22
      i32.const 4
      i16x8.shr_u
      local.get $21
      v128.and
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.tee $21
      i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
      local.get $25
      local.get $21
      i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
      i16x8.add
      local.tee $21
      i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
      local.get $23
      local.get $21
      i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
      i16x8.add
      i32.const 1084
      v128.load32_splat
      i32x4.dot_i16x8_s
      f32x4.convert_i32x4_s
      local.get $3
      v128.load32_splat
      f32x4.mul
      local.get $15
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
      i32.const 1088
      v128.load32_splat
      v128.and
      i32.const 1092
      v128.load32_splat
      f32x4.mul
      local.tee $21
      local.get $7
      f32x4.relaxed_madd
      local.set $7
      local.get $21
      local.get $16
      f32.load
      local.get $16
      f32.load offset=4
      f32.add
      f32x4.splat
      local.get $20
      f32x4.relaxed_madd
      local.set $20
      local.get $12
      i32.const 18
      i32.add
      local.set $12
      local.get $13
      i32.const 18
      i32.add
      local.set $13
      local.get $14
      i32.const 18
      i32.add
      local.set $14
      local.get $15
      i32.const 18
      i32.add
      local.set $15
      local.get $2
      i32.const 32
      i32.add
      local.set $2
      local.get $3
      i32.const 4
      i32.add
      local.set $3
      local.get $16
      i32.const 8
      i32.add
      local.set $16
      br $for-loop|00
     end
    end
